// The words of acts in a trail. One that has none here is told by its own name.
const known: Record<string, string> = {
  'totp-added': 'Authenticator app added',
  'totp-removed': 'Authenticator app removed',
  'way-in-renewed': 'Way to sign in renewed',
  'wall-made': 'Wall screen made',
  'wall-revoked': 'Wall screen revoked',
  'person-password': 'Password set for somebody',
  setting: 'Setting changed',
}
export const actWord = (what: string) =>
  known[what] ?? (what.charAt(0).toUpperCase() + what.slice(1)).replaceAll('-', ' ')
