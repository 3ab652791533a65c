/**
 * Written by build.mjs: the panel's hashed name and its integrity.
 * @type {[string, string]}
 */
const PANEL = __PANEL__;

/**
 * @param {string} name
 * @param {any} properties
 * @returns {any}
 */
export const element = (name, properties) => Object.assign(document.createElement(name), properties);

const rules = { createScriptURL: (/** @type {string} */ url) => url };
/** @type {any} */
let policy;

/**
 * A lazy part, with its hash: whatever changed it on the way, it then does not run.
 * @param {import("./tags.js").Options} options
 * @param {() => void} failed
 * @param {[string, string]} [part]
 */
export function load({ base, nonce }, failed, [file, integrity] = PANEL) {
  const src = `${base}widget/${file}`;
  const onerror = () => {
    console.error("Chatbot: not loaded: " + src);
    failed();
  };
  try {
    // The one name a page with Trusted Types has to allow. The policy never leaves this file.
    policy ||= /** @type {any} */ (window).trustedTypes?.createPolicy("chatbot-server", rules) || rules;
    document.head.append(element("script", { integrity, nonce, crossOrigin: "", onerror, src: policy.createScriptURL(src) }));
  } catch {
    onerror();
  }
}
