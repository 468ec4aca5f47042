// Whether this partnership is an exercise, as `/face` last said: every screen is marked, also one that cannot reach the server.
const KEY = 'fc-exercise'
let on: boolean | null = null

export function isExercise(): boolean {
  if (on === null)
    try {
      on = localStorage.getItem(KEY) !== null
    } catch {
      on = false
    }
  return on
}
export function setExercise(v: boolean) {
  on = v
  try {
    if (v) localStorage.setItem(KEY, '1')
    else localStorage.removeItem(KEY)
  } catch {
    /* private mode: the mark lasts as long as the page */
  }
}
