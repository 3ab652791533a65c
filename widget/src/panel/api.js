/** The server said no, or could not be reached (then the code is `away`). */
export class Refused extends Error {
  /** @param {string} code @param {string} message a sentence for the visitor @param {number} [status] */
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Whether the server has not got the conversation any more. @param {any} error @returns {boolean} */
export const isGone = ({ status }) => status === 401 || status === 404;

/**
 * The HTTP API, docs/http-api.md.
 * @param {string} base address of the server
 * @param {string} locale language of its sentences
 * @param {import("./store.js").TabState} tab has the conversation's secret
 */
export function connect(base, locale, tab) {
  /**
   * @param {string} path
   * @param {RequestInit} [init]
   * @param {unknown} [body]
   */
  const request = async (path, init = {}, body) => {
    const headers = new Headers(init.headers);
    if (tab.secret) headers.set("Authorization", `Bearer ${tab.secret}`);
    if (body) headers.set("Content-Type", "application/json");
    headers.set("Accept-Language", locale);
    let response;
    try {
      response = await fetch(`${base}api/${path}`, {
        method: body ? "POST" : "GET",
        credentials: "omit",
        cache: "no-store",
        ...init,
        headers,
        body: /** @type {string | undefined} */ (body && JSON.stringify(body)),
      });
    } catch (error) {
      throw init.signal?.aborted ? error : new Refused("away", "");
    }
    if (response.ok) return response;
    const { error } = await response.json().catch(() => ({}));
    throw new Refused(error?.code || "away", error?.message || "", response.status);
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
    /** @param {string} message */
    stop: (message) => request(`chat/${message}`, { method: "DELETE" }),
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
