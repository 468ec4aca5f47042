// Passkeys: between the server's JSON and what `navigator.credentials` takes and gives.
type Json = Record<string, unknown>

export const fromBase64url = (text: string): ArrayBuffer => {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/')),
    bytes = new Uint8Array(plain.length)
  for (let i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i)
  return bytes.buffer
}
export const toBase64url = (buffer: ArrayBuffer): string => {
  let plain = ''
  for (const byte of new Uint8Array(buffer)) plain += String.fromCharCode(byte)
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Whether this browser can make and show passkeys here. */
export const passkeysWork = () => typeof PublicKeyCredential === 'function' && !!navigator.credentials

const descriptors = (list: unknown) =>
  Array.isArray(list) ? list.map((d: Json) => ({ ...d, id: fromBase64url(String(d['id'])) })) : undefined

/** The server's options with their binary parts unpacked. */
export function unpacked(options: Json): Json {
  const user = options['user'] as Json | undefined
  return {
    ...options,
    challenge: fromBase64url(String(options['challenge'])),
    ...(user ? { user: { ...user, id: fromBase64url(String(user['id'])) } } : {}),
    ...(options['excludeCredentials'] ? { excludeCredentials: descriptors(options['excludeCredentials']) } : {}),
    ...(options['allowCredentials'] ? { allowCredentials: descriptors(options['allowCredentials']) } : {}),
  }
}

/** What the browser gave, as JSON; browsers before 2024 have no `toJSON`. */
export function packed(credential: PublicKeyCredential): Json {
  if (typeof credential.toJSON === 'function') return credential.toJSON() as unknown as Json
  const r = credential.response as AuthenticatorAssertionResponse & AuthenticatorAttestationResponse
  const part = (name: string, value: ArrayBuffer | null | undefined) => (value ? { [name]: toBase64url(value) } : {})
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: {
      ...part('clientDataJSON', r.clientDataJSON),
      ...part('attestationObject', r.attestationObject),
      ...part('authenticatorData', r.authenticatorData),
      ...part('signature', r.signature),
      ...part('userHandle', r.userHandle),
    },
  }
}

/** Thrown when the person or the device gave no passkey: nothing was sent. */
export class NoPasskey extends Error {}

const publicKey = (options: unknown): Json => {
  const o = options as Json
  return unpacked((o['publicKey'] ?? o) as Json)
}
async function given(ask: Promise<Credential | null>): Promise<Json> {
  const credential = await ask.catch(() => null)
  if (!credential) throw new NoPasskey()
  return packed(credential as PublicKeyCredential)
}
export const showPasskey = (options: unknown) =>
  given(navigator.credentials.get({ publicKey: publicKey(options) as unknown as PublicKeyCredentialRequestOptions }))
export const makePasskey = (options: unknown) =>
  given(
    navigator.credentials.create({ publicKey: publicKey(options) as unknown as PublicKeyCredentialCreationOptions }),
  )
