/**
 * The server said no in a sentence for the visitor, or could not be reached and there is neither
 * a sentence nor a status.
 * @typedef {Error & {code?: string, field?: string, status?: number}} Refused
 */

/** Whether the server has not got the conversation any more. @param {any} error @returns {boolean} */
export const isGone = ({ status }) => status === 401 || status === 404;

/**
 * The HTTP API, docs/http-api.md.
 * @param {string} base address of the server
 * @param {string} locale language of its sentences
 * @param {import("../store.js").TabState} tab has the conversation's secret
 */
export function connect(base, locale, tab) {
  /**
   * @param {string} path
   * @param {RequestInit} [init]
   * @param {unknown} [body]
   */
  const request = async (path, init = {}, body) => {
    const headers = {
      "Accept-Language": locale,
      ...(tab.secret && { Authorization: `Bearer ${tab.secret}` }),
      .../** @type {any} */ (body && { "Content-Type": "application/json" }),
      ...init.headers,
    };
    const response = await fetch(`${base}api/${path}`, {
      method: /** @type {string | undefined} */ (body && "POST"),
      credentials: "omit",
      cache: "no-store",
      ...init,
      headers,
      body: /** @type {string | undefined} */ (body && JSON.stringify(body)),
    }).catch(() => {
      throw new Error();
    });
    if (response.ok) return response;
    const { error } = await response.json().catch(() => ({}));
    throw Object.assign(new Error(), error, { status: response.status });
  };
  /** @param {[string, RequestInit?, unknown?]} call */
  const json = async (...call) => (await request(...call)).json();
  // Identifiers are made of letters that are safe in an address.
  return {
    /** @param {string} site */
    widget: (site) => json(`widget?site=${encodeURIComponent(site)}&locale=${locale}`),
    /** @param {unknown} body @param {AbortSignal} signal */
    chat: (body, signal) => request("chat", { signal }, body),
    /** @param {string} message @param {number} last @param {AbortSignal} signal */
    resume: (message, last, signal) =>
      request(`chat/${message}`, {
        signal,
        headers: /** @type {any} */ ({ "Last-Event-ID": last }),
      }),
    /** Where the server does not hear it, the visitor need not. @param {string} message */
    stop: (message) => request(`chat/${message}`, { method: "DELETE" }).catch(() => {}),
    /** @param {string} path the id of a conversation, and what of it */
    history: (path) => json(`conversation/${path}`),
    /** @param {string} conversation */
    erase: (conversation) => json(`conversation/${conversation}`, { method: "DELETE" }),
    /** @param {unknown} body */
    feedback: (body) => json("feedback", {}, body),
    /** @param {unknown} body */
    contact: (body) => json("contact", {}, body),
  };
}
