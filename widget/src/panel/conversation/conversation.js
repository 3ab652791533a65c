import { isGone } from "../server/api.js";
import { asking } from "./asking.js";
import { add } from "./messages.js";

/**
 * What is asked and answered, between the server and the view.
 * @param {import("../mount.js").App} app
 */
export function conversation(app) {
  const { api, messages, tab, view } = app;
  const { reply, send, retry, stop, drop } = asking(app);

  /** Forgets the chat in this tab, and begins another. */
  const reset = () => {
    drop();
    messages.length = 0;
    tab.clear();
    view.clear();
    app.emit("reset");
  };

  return {
    send,
    stop,
    retry,
    reset,
    /** @param {string} text */
    ask(text) {
      view.open();
      app.escape?.();
      return send(text);
    },
    async erase() {
      const { erased } = await api.erase(tab.conversation || "");
      reset();
      return erased.messages;
    },
    /**
     * After a reload or on the next page: what was said, and the answer that was being written.
     * @param {() => void} again
     */
    async resume(again) {
      if (tab.draft) view.draft(tab.draft);
      const message = await (app.restored = restore(app, again));
      if (message) await reply({ message });
    },
  };
}

/**
 * What was said before.
 * @param {import("../mount.js").App} app
 * @param {() => void} again
 * @returns {Promise<string | undefined>} the answer that is still being written
 */
async function restore(app, again) {
  const { api, messages, tab, view } = app;
  const { conversation, running } = tab;
  if (!conversation || messages.length) return;
  try {
    /** @type {import("./messages.js").Message[]} */
    const stored = (await api.history(conversation)).messages;
    const live = stored.find(({ id, finish }) => id === running && !finish);
    for (const message of stored) if (message !== live) add(app, message);
    return live?.id;
  } catch (error) {
    // Erased or expired: the next question begins a new chat.
    if (isGone(error)) tab.clear();
    else view.problem(/** @type {Error} */ (error), again);
  }
}
