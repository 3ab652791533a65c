/**
 * @param {string} name
 * @param {any} properties
 * @returns {any}
 */
export const element = (name, properties) =>
  Object.assign(document.createElement(name), properties);

/** @type {any} */
let policy;

/**
 * A lazy part, with its hash: whatever changed it on the way, it then does not run.
 * @param {import("./tags.js").Options} options
 * @param {() => void} failed
 * @param {[string, string]} [part] its hashed name and integrity; build.mjs writes in those of the panel
 */
export function load({ base, nonce }, failed, [file, integrity] = __PANEL__) {
  const src = `${base}widget/${file}`;
  const onerror = () => {
    console.error("not loaded: " + src);
    failed();
  };
  try {
    // The one name a page with Trusted Types has to allow. The policy never leaves this file.
    policy ||= /** @type {any} */ (window).trustedTypes?.createPolicy("chatbot-server", {
      createScriptURL: (/** @type {string} */ url) => url,
    });
    document.head.append(
      element("script", {
        integrity,
        nonce,
        crossOrigin: "",
        onerror,
        src: policy?.createScriptURL(src) || src,
      }),
    );
  } catch {
    onerror();
  }
}
