import { answer } from "../server/answer.js";
import { EVENTS } from "./events.js";

/**
 * The answer that is being written; there is at most one.
 * @param {import("../mount.js").App} app
 */
export function writing(app) {
  const { api, tab, view, say } = app;
  /** @type {{message: import("./messages.js").Message, abort: AbortController} | undefined} */
  let current;

  const stop = () => {
    if (!current) return;
    const { message, abort } = current;
    message.finish = "stopped";
    // The server ends the stream itself; where it does not, the connection is closed.
    setTimeout(() => abort.abort(), 1500);
    if (message.id) api.stop(message.id);
  };

  return {
    stop,
    drop: () => (stop(), current?.abort.abort()),
    running: () => current,
    /**
     * @param {import("./messages.js").Message} message
     * @param {Parameters<typeof answer>[1]} from
     * @returns {Promise<any>} what went wrong, once nothing more will come
     */
    async write(message, from) {
      const abort = new AbortController();
      current = { message, abort };
      message.running = true;
      view.busy(true);
      view.announce(say("wait"));
      view.show(message);
      try {
        for await (const { event, data } of answer(api, from, abort.signal)) {
          EVENTS[event]?.(app, message, data);
          view.show(message);
        }
      } catch (error) {
        if (!abort.signal.aborted) return error;
      } finally {
        message.running = false;
        message.queue = current = undefined;
        tab.save({ running: undefined });
        view.busy(false);
      }
    },
  };
}
