import { chat as createChat } from "./chat.js";
import { find } from "./tags.js";

/** By site, in the order they came. @type {Record<string, ReturnType<typeof createChat>>} */
const chats = {};

/** @param {[import("./tags.js").Options, HTMLElement?]} chat */
const start = ([options, tag]) => {
  if (options.site) (chats[options.site] ||= createChat(options, tag)).place(tag);
};

const refresh = () => find().map(start);

/**
 * The methods for one site, or for the page's first chat.
 * @param {string} [site]
 * @returns {any}
 */
const api = (site) => {
  const key = () => site || Object.keys(chats)[0];
  /** @type {any} */
  const methods = {
    of: api,
    refresh,
    /** @param {any} options */
    init: (options) => start([{ ...find()[0]?.[0], ...options }]),
    /** @param {[string, ...any[]]} call */
    push: ([method, ...args]) => methods[method](...args),
    /** @param {string} type @param {any} listener */
    on: (type, listener) => addEventListener("chatbot:" + type, listener),
    /** @param {string} type @param {any} listener */
    off: (type, listener) => removeEventListener("chatbot:" + type, listener),
    destroy() {
      chats[key()]?.destroy();
      delete chats[key()];
    },
  };
  for (const method of "open close toggle send ask reset setContext".split(" "))
    methods[method] = (/** @type {any[]} */ ...args) => chats[key()]?.call(method, ...args);
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
  // Woken by what changes or has moved in the page alone, and at most twice a second.
  const look = () =>
    (timer ||= setTimeout(() => {
      timer = 0;
      for (const site in chats) chats[site].place();
    }, 500));
  const begin = () => {
    new MutationObserver(look).observe(document, {
      childList: true,
      subtree: true,
      attributes: true,
    });
    addEventListener("animationend", look, true);
    addEventListener("transitionend", look, true);
    refresh();
    calls?.map?.(methods.push);
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}
