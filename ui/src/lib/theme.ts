// Light or dark: as the device, unless the person chose; the choice stays in this browser.
export type Theme = 'auto' | 'light' | 'dark'
const KEY = 'fc-theme'
export function theme(): Theme {
  try {
    const t = localStorage.getItem(KEY)
    return t === 'light' || t === 'dark' ? t : 'auto'
  } catch {
    return 'auto'
  }
}
export function applyTheme(t: Theme = theme()) {
  const dark = t === 'dark' || (t === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}
export function chooseTheme(t: Theme) {
  try {
    if (t === 'auto') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, t)
  } catch {
    /* private mode: the choice lasts as long as the page */
  }
  applyTheme(t)
}
const KEYS = 'fc-keys-off'
export const keysOn = () => {
  try {
    return localStorage.getItem(KEYS) === null
  } catch {
    return true
  }
}
export function setKeysOn(on: boolean) {
  try {
    if (on) localStorage.removeItem(KEYS)
    else localStorage.setItem(KEYS, '1')
  } catch {
    /* as above */
  }
}
/** Single keys never fire while somebody is typing, with a modifier, or when turned off. */
export function isTyping(e: KeyboardEvent): boolean {
  const t = e.target as HTMLElement | null
  return e.ctrlKey || e.metaKey || e.altKey || !!t?.closest?.('input,textarea,select,[contenteditable],dialog')
}
