/**
 * Written by build.mjs: the panel's hashed name and its integrity.
 * @type {[string, string]}
 */
const PANEL = __PANEL__;

/** @type {{createScriptURL(url: string): any} | undefined} */
let policy;

/**
 * A lazy part, with its hash: whatever changed it on the way, it then does not run.
 * @param {import("./tags.js").Options} options
 * @param {() => void} [failed]
 * @param {[string, string]} [part]
 */
export function load({ base, nonce }, failed, [file, integrity] = PANEL) {
  const src = `${base}widget/${file}`;
  const onerror = () => {
    console.error("Chatbot: blocked, altered or unreachable: " + src);
    failed?.();
  };
  const script = Object.assign(document.createElement("script"), { integrity, nonce, crossOrigin: "", onerror });
  try {
    // The one name a page with Trusted Types has to allow. The policy never leaves this file.
    policy ||= /** @type {any} */ (window).trustedTypes?.createPolicy("chatbot-server", {
      createScriptURL: (/** @type {string} */ url) => url,
    });
    script.src = policy ? policy.createScriptURL(src) : src;
    document.head.append(script);
  } catch {
    onerror();
  }
}
