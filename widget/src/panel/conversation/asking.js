import { isGone } from "../server/api.js";
import { add, remove } from "./messages.js";
import { writing } from "./writing.js";

/** @typedef {import("./messages.js").Message} Message */

/**
 * Questions, and what becomes of each: an answer, or its text in the field again.
 * @param {import("../mount.js").App} app
 */
export function asking(app) {
  const { messages, tab, view, say, emit } = app;
  const { write, running, stop, drop } = writing(app);

  /**
   * @param {Parameters<typeof write>[1]} from
   * @param {Message} [message]
   * @returns {Promise<void>}
   */
  const reply = async (
    from,
    message = add(app, { role: "assistant", text: "", id: from.message }),
  ) => {
    const failure = await write(message, from);
    // A new chat was begun meanwhile.
    if (!messages.includes(message)) return;
    if (failure && !message.id) return unsent(message, failure);
    if (failure) Object.assign(message, { error: failure.message || say("cut"), retry: true });
    view.show(message);
    view.finished(message);
    tell(message);
  };

  /** What a page may know of a message. @param {Message} message */
  const tell = ({ role, text, id, error }) => emit("message", { role, text, id, error });

  /** The server never had the question. @param {Message} message @param {Error} error */
  const unsent = (message, error) => {
    const { text } = /** @type {Message} */ (messages.at(-2));
    if (tab.conversation && isGone(error)) {
      // Erased or expired since: the question begins a new chat.
      tab.clear();
      return reply({ body: body(app, text) }, message);
    }
    remove(app, 2);
    putBack(app, text);
    view.problem(error, () => send(view.typed()));
  };

  /** @param {string} text */
  const send = async (text) => {
    text = text.trim();
    await app.restored;
    if (!text) return;
    // One at a time: what a button or the page asks meanwhile can be sent afterwards.
    if (running()) return putBack(app, text);
    view.draft("");
    tab.save({ draft: text });
    tell(add(app, { role: "user", text }));
    await reply({ body: body(app, text) });
  };

  /** Asks the last question again in place of its answer. */
  const retry = async () => {
    const text = messages.findLast(({ role }) => role === "user")?.text;
    if (!text || running() || messages.at(-1)?.role !== "assistant") return;
    view.focus(); // from the button, which goes
    remove(app, 1);
    await reply({ body: { ...body(app, text), retry: true } });
  };

  return { reply, send, retry, stop, drop };
}

/** What is sent with a question. @param {import("../mount.js").App} app @param {string} message */
const body = ({ options, context, locale, tab, view }, message) => ({
  site: options.site,
  message,
  page: context?.page || location.origin + location.pathname,
  locale,
  resume: true,
  ...(tab.conversation ? { conversation: tab.conversation } : { keep: view.keep() }),
});

/**
 * Into the field, before what was typed there since.
 * @param {import("../mount.js").App} app
 * @param {string} text
 */
const putBack = ({ tab, view }, text) => {
  const draft = [text, view.typed()].filter(Boolean).join("\n");
  view.draft(draft);
  tab.save({ draft });
};
