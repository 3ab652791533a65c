import { chat as createChat } from "./chat.js";
import { find } from "./tags.js";

/** @type {Map<string, ReturnType<typeof createChat>>} */
const chats = new Map();

/** @param {import("./tags.js").Options} options @param {HTMLElement} [tag] */
const start = (options, tag) => {
  const chat = chats.get(options.site);
  if (chat) chat.place(tag);
  else if (options.site) chats.set(options.site, createChat(options, tag));
};

const refresh = () => find().map((chat) => start(...chat));

/**
 * The methods for one site, or for the page's first chat.
 * @param {string} [site]
 * @returns {any}
 */
const api = (site) => {
  const key = () => site || [...chats.keys()][0];
  /** @type {any} */
  const methods = {
    of: api,
    refresh,
    /** @param {any} options */
    init: (options) => start({ ...find()[0]?.[0], ...options }),
    /** @param {[string, ...any[]]} call */
    push: ([method, ...args]) => methods[method](...args),
    /** @param {string} type @param {any} listener */
    on: (type, listener) => addEventListener("chatbot:" + type, listener),
    /** @param {string} type @param {any} listener */
    off: (type, listener) => removeEventListener("chatbot:" + type, listener),
    destroy: () => (chats.get(key())?.destroy(), chats.delete(key())),
  };
  for (const method of "open close toggle send ask reset setContext".split(" "))
    methods[method] = (/** @type {any[]} */ ...args) => chats.get(key())?.call(method, ...args);
  return methods;
};

// What the page asked for before this file was there: (window.Chatbot = window.Chatbot || []).push(["open"])
const calls = window.Chatbot;
if (calls?.refresh) calls.refresh();
else {
  const methods = api();
  // A page may have a Chatbot of its own: it keeps it.
  if (!calls || calls.map) window.Chatbot = methods;
  let /** @type {any} */ timer;
  // Woken by changes of the page alone, and at most twice a second.
  const changes = new MutationObserver(
    () => (timer ||= setTimeout(() => (timer = chats.forEach((chat) => chat.refresh())), 500)),
  );
  const begin = () => {
    changes.observe(document, { childList: true, subtree: true, attributes: true });
    refresh();
    calls?.map?.(methods.push);
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}
