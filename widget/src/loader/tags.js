/**
 * What the page says about one chat: the `data-…` attributes of its tag in camel case
 * (`data-privacy-url` is `privacyUrl`), the server's address and the tag's nonce.
 * @typedef {Record<string, string | undefined> & {site: string, base: string}} Options
 */

/** Address of this file, once it is known: a swapped page may no longer have its tag. */
let /** @type {any} */ loader;

/**
 * The chats the page asks for. An optimiser may have moved the tag, made it a module (no
 * `currentScript`, and two tags run it once), run a copy without attributes, or put this file
 * into one of its own: so all tags of the page are read, the address may carry what an attribute
 * would (`widget.js?site=KEY`), and `data-base` names the server.
 * @returns {[Options, HTMLScriptElement][]}
 */
export const find = () =>
  // Not `document.scripts`: a form of that name in a visitor's comment would stand in its place,
  // and its fields would pass for tags.
  [...document.querySelectorAll("script")].flatMap((tag) => {
    const { src, nonce, dataset } = tag;
    if (/widget\.js/.test(src)) loader = src;
    else if (!dataset.site || !(loader ||= dataset.base)) return [];
    const url = new URL(loader, /** @type {any} */ (location));
    /** @type {any} */
    const options = { base: ".", nonce, ...Object.fromEntries(url.searchParams), ...dataset };
    options.base = new URL(options.base, url).href;
    return [[options, tag]];
  });
