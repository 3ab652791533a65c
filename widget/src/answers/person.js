import { isGone } from "../panel/server/api.js";
import { add } from "../panel/conversation/messages.js";
import { catchUp } from "./catch-up.js";

/** Seconds until the next look: after an answer, and where the server did not reply. */
const SOON = 3;
const LATER = 60;

/**
 * Looks whether a person of the site has written: while the panel is open, as often as the
 * server says that it makes sense.
 * @param {import("../panel/mount.js").App} app
 */
export function person(app) {
  const { api, messages, tab, view } = app;
  /** @type {HTMLElement} */
  const state = view.panel.querySelector(".state");
  const { log } = view;
  /** What stands there while the chatbot answers. @type {string | null} */
  let usual = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {string | null} name of who answers now */
  const show = (name) => {
    if (!name === (usual === null)) return;
    const text = name || usual;
    usual = name ? state.textContent : null;
    state.textContent = text;
  };

  const again = (/** @type {number} */ seconds) => {
    clearTimeout(timer);
    timer = setTimeout(look, seconds * 1000);
  };

  /**
   * Where it was written: a question that was sent before it was read stands below it.
   * @param {import("../panel/conversation/messages.js").Message & {follows?: string}} message
   */
  const place = (message) => {
    const at = messages.findIndex(({ id }) => id && id === message.follows) + 1;
    add(app, message);
    if (!at || at === messages.length - 1) return;
    messages.splice(at, 0, ...messages.splice(-1));
    const { children } = log.querySelectorAll("ol")[0];
    children[at].before(children[messages.length - 1]);
  };

  const look = async () => {
    if (view.panel.hidden || document.hidden || !view.panel.isConnected) return;
    if (messages.at(-1)?.running) return again(SOON);
    try {
      await caughtUp();
      const { conversation } = tab;
      if (!conversation) return show(null);
      const last = messages.findLast(({ name }) => name)?.id || "";
      const news = await api.history(`${conversation}/news?after=${last}`);
      if (tab.conversation !== conversation) return again(SOON);
      for (const message of news.messages)
        if (!messages.some(({ id }) => id === message.id)) {
          place(message);
          view.announce(`${message.name}: ${message.text}`);
          // What a person writes is seen at once, however long the answer above it is.
          requestAnimationFrame(() => (log.scrollTop = log.scrollHeight));
        }
      show(news.person);
      if (news.wait) again(news.wait);
    } catch (error) {
      if (!isGone(error)) again(LATER);
    }
  };

  const caughtUp = catchUp(app, () => again(0));
  document.addEventListener("chatbot:message", () => again(SOON));
  for (const type of ["chatbot:open", "visibilitychange"])
    document.addEventListener(type, () => again(0));
  again(SOON);
}
