// Faults planted on purpose, each with the one check that must catch it and the words that it must say. The last two are put into the
// product's own scripts as they are served, as somebody might write them by mistake.
const SIGN_IN = 'a wrong password gets one clear answer that does not say whether the address exists'
export const PLANTS = {
  axe: { check: SIGN_IN, says: /button-name/ },
  csp: { check: SIGN_IN, says: /policy report: style-src-elem/ },
  outside: { check: SIGN_IN, says: /outside request: http:\/\/outside\.example/ },
  'silent-stream': { check: 'the cell’s wall becomes live', says: /clock\[data-state=live\]/ },
  'inline-style': { check: SIGN_IN, says: /policy report: style-src-attr/ },
  'missing-label': { check: SIGN_IN, says: /(^|: |\n)label \(\d+\)/ },
}

const INLINE_STYLE = `
;new MutationObserver(() => {
  const h = document.querySelector('main h1')
  if (h && !h.hasAttribute('style')) h.setAttribute('style', 'color: inherit')
}).observe(document, { childList: true, subtree: true })`
const LABEL = /\{id:(["'`])email\1,label/

async function scripts(ctx, change) {
  await ctx.route('**/assets/*.js', async route => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, body: change(await answer.text(), route.request().url()) })
  })
}

/** Plants a fault in a browser. `axe` is planted where axe runs, and `outside` needs the page's policy out of its way. */
export async function plantIn(plant, ctx, page) {
  const onLoad = fault =>
    page.on('load', () => {
      page.evaluate(fault).catch(() => {})
    })
  if (plant === 'csp')
    onLoad(() => {
      const s = document.createElement('style')
      s.textContent = 'body{outline:0}'
      document.head.append(s)
    })
  if (plant === 'outside')
    onLoad(() => {
      new Image().src = 'http://outside.example/pixel.png'
    })
  // open, and never a word: no error that a browser would tell of
  if (plant === 'silent-stream') await ctx.route('**/stream', () => new Promise(() => {}))
  if (plant === 'inline-style') await scripts(ctx, (text, url) => (/\/index-/.test(url) ? text + INLINE_STYLE : text))
  if (plant === 'missing-label') await scripts(ctx, text => text.replace(LABEL, '{id:"e-mail",label'))
}
