import { isGone } from "../panel/server/api.js";

/**
 * Notices that the chat went on elsewhere: on a later page, from which the browser's button "back"
 * led to this one as it was left, or in another tab.
 * @param {import("../panel/mount.js").App} app
 * @param {() => void} noticed
 * @returns {() => Promise<void>} shows what was said there
 */
export function catchUp(app, noticed) {
  const { api, messages, options, tab, view } = app;
  let behind = false;
  /** @type {Promise<void> | undefined} */
  let current;
  const notice = () => {
    behind = true;
    noticed();
  };
  addEventListener("pageshow", ({ persisted }) => persisted && notice());
  // Drafts are each tab's own.
  const chatOf = (/** @type {string | null} */ text) => {
    const { conversation, running } = JSON.parse(text || "{}");
    return `${conversation} ${running}`;
  };
  addEventListener("storage", ({ key, newValue, oldValue }) => {
    if (key === `chatbot:${options.site}` && chatOf(newValue) !== chatOf(oldValue)) notice();
  });

  /** @param {string} conversation */
  const transcript = async (conversation) => {
    try {
      return (await api.history(conversation)).messages;
    } catch (error) {
      if (!isGone(error)) throw error;
      // Erased there: Firefox shows a page of before its session storage of before, too.
      tab.clear();
      return [];
    }
  };

  const redraw = async () => {
    tab.save({ draft: view.typed() });
    /** @type {import("../panel/conversation/messages.js").Message[]} */
    const stored = tab.conversation ? await transcript(tab.conversation) : [];
    if (messages.at(-1)?.running) return;
    behind = false;
    const ids = messages.map(({ id }) => id);
    // The questions of this page have no id here.
    const isNew = (
      /** @type {import("../panel/conversation/messages.js").Message} */ { id, role },
    ) => role === "assistant" && !ids.includes(id);
    if (!stored.some(isNew) && (tab.conversation || !ids.length)) return;
    messages.length = 0;
    view.clear();
    app.chat.resume(notice);
    await app.restored;
  };

  // One at a time: two would show everything twice.
  return async () => {
    if (behind) await (current ||= redraw().finally(() => (current = undefined)));
  };
}
