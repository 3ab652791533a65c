/**
 * What the page says about one chat: the `data-…` attributes of its tag in camel case
 * (`data-privacy-url` is `privacyUrl`), the server's address and the tag's nonce.
 * @typedef {Record<string, string | undefined> & {site: string, base: string}} Options
 */

/** Address of this file, once it is known: a swapped page may no longer have its tag. */
let loader = "";

/** @param {HTMLScriptElement} tag @returns {string} what it loads, else what another tag loaded */
const source = ({ src }) => (/widget\.js/.test(src) ? src : loader);

/**
 * The chats the page asks for. An optimiser may have moved the tag, made it a module (no
 * `currentScript`, and two tags run it once) or run a copy without attributes: so all tags
 * of the page are read, and the address may carry what an attribute would (`widget.js?site=KEY`).
 * @returns {[Options, HTMLScriptElement][]}
 */
export const find = () =>
  [.../** @type {any} */ (document.querySelectorAll("script[src*='widget.js'],script[data-site]"))]
    .filter((tag) => (loader = source(tag)))
    .map((tag) => {
      const url = new URL(source(tag));
      return [
        {
          base: new URL(".", url).href,
          nonce: tag.nonce,
          ...Object.fromEntries(url.searchParams),
          ...tag.dataset,
        },
        tag,
      ];
    });
