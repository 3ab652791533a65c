import { answer } from "./answer.js";
import { isGone, Refused } from "./api.js";

/**
 * One message as it is shown.
 * @typedef {object} Message
 * @property {"user" | "assistant"} role
 * @property {string} [name] of the person of the site who wrote it
 * @property {string} text
 * @property {string} [id]
 * @property {boolean} [running]
 * @property {{position: number, seconds?: number}} [queue]
 * @property {string} [origin]
 * @property {string} [finish]
 * @property {{title: string, url: string, quote?: string}[]} [sources]
 * @property {string[]} [suggestions]
 * @property {string} [error] a sentence
 * @property {boolean} [retry]
 * @property {"up" | "down" | null} [feedback] the thumb it has
 */

/**
 * What is asked and answered, between the server and the view.
 * @param {import("./mount.js").App} app
 * @param {ReturnType<typeof import("./ui/frame.js").frame>} view
 */
export function conversation(app, view) {
  const { api, tab, options, say } = app;
  /** @type {Message[]} */
  let messages = [];
  /** @type {{message: Message, abort: AbortController, stopped?: boolean} | null} */
  let current = null;
  /** What was said before is shown before what is said next. @type {Promise<string | undefined> | undefined} */
  let restored;

  /** @param {Message} message */
  const add = (message) => {
    messages.push(message);
    view.show(message);
    app.listen();
    return message;
  };

  /** What each event of the stream changes. @type {Record<string, (message: Message, data: any) => void>} */
  const on = {
    start(message, { conversation, secret, message: id }) {
      message.id = id;
      tab.save({
        conversation,
        running: id,
        draft: view.typed(),
        ...(secret && { secret }),
      });
      if (current?.stopped) stop();
    },
    queue(message, queue) {
      if (message.queue?.position !== queue.position) view.announce(say("queue", queue.position));
      message.queue = queue;
    },
    token(message, { text }) {
      message.queue = undefined;
      message.text += text;
    },
    sources: (message, { items }) => (message.sources = items),
    done: Object.assign,
    error: (message, { message: error, retry }) =>
      Object.assign(message, { error: error || say("cut"), retry }),
  };

  /** @param {Message} message @param {Parameters<typeof answer>[1]} from */
  const run = async (message, from) => {
    const abort = new AbortController();
    current = { message, abort };
    message.running = true;
    view.busy(true);
    view.announce(say("wait"));
    view.show(message);
    try {
      for await (const { event, data } of answer(api, from, abort.signal)) {
        on[event]?.(message, data);
        view.show(message);
      }
    } catch (error) {
      if (!message.id && tab.conversation && isGone(error)) {
        // Erased or expired since: the question begins a new chat.
        tab.clear();
        return run(message, { body: body(lastQuestion()) });
      }
      if (!abort.signal.aborted) failed(message, /** @type {Refused} */ (error));
    }
    message.running = false;
    message.queue = undefined;
    current = null;
    tab.save({ running: undefined });
    view.busy(false);
    if (!messages.includes(message)) return;
    view.show(message);
    view.finished(message);
    app.emit("message", {
      role: "assistant",
      text: message.text,
      id: message.id,
      error: message.error,
    });
  };

  /** @param {Message} message @param {Refused} error */
  const failed = (message, error) => {
    message.error = error.message || say(message.id ? "cut" : "away");
    message.retry = true;
    if (message.id) return;
    // The server never had the question: it goes back to where it was typed.
    const [question] = messages.splice(-2);
    view.remove(question);
    view.remove(message);
    putBack(question.text);
    view.problem(new Error(message.error), () => send(view.typed()));
  };

  /** Into the field, before what was typed there since. @param {string} text */
  const putBack = (text) => {
    const draft = [text, view.typed()].filter(Boolean).join("\n");
    view.draft(draft);
    tab.save({ draft });
  };

  const lastQuestion = () => messages.findLast(({ role }) => role === "user")?.text || "";

  const body = (/** @type {string} */ message) => ({
    site: options.site,
    message,
    page: app.context?.page || location.origin + location.pathname,
    locale: app.locale,
    resume: true,
    ...(tab.conversation ? { conversation: tab.conversation } : { keep: view.keep() }),
  });

  /** @param {string} text */
  const send = async (text) => {
    text = text.trim();
    await restored;
    if (!text) return;
    // One at a time: what a button or the page asks meanwhile can be sent afterwards.
    if (current) return putBack(text);
    view.draft("");
    tab.save({ draft: text });
    add({ role: "user", text });
    app.emit("message", { role: "user", text });
    await run(add({ role: "assistant", text: "" }), { body: body(text) });
  };

  /** @param {() => void} retry @returns {Promise<string | undefined>} the answer that is still being written */
  const restore = async (retry) => {
    const { conversation, running } = tab;
    if (!conversation || messages.length) return;
    try {
      /** @type {Message[]} */
      const stored = (await api.history(conversation)).messages;
      const live = stored.find(({ id, finish }) => id === running && !finish);
      stored.filter((message) => message !== live).forEach(add);
      return live?.id;
    } catch (error) {
      // Erased or expired: the next question begins a new chat.
      if (isGone(error)) tab.clear();
      else view.problem(/** @type {Error} */ (error), retry);
    }
  };

  const stop = () => {
    if (!current) return;
    const { message, abort } = current;
    current.stopped = true;
    message.finish = "stopped";
    // The server ends the stream itself; where it does not, the connection is closed.
    setTimeout(() => abort.abort(), 1500);
    if (message.id) api.stop(message.id).catch(() => {});
  };

  return {
    send,
    stop,
    /** @param {string} text */
    ask(text) {
      view.open();
      app.escape?.();
      return send(text);
    },
    /** Asks the last question again in place of its answer. */
    async retry() {
      const text = lastQuestion();
      const old = messages.at(-1);
      if (!text || current || old?.role !== "assistant") return;
      messages.pop();
      view.remove(old);
      await run(add({ role: "assistant", text: "" }), {
        body: { ...body(text), retry: true },
      });
    },
    /** Forgets the chat in this tab, and begins another. */
    reset() {
      stop();
      current?.abort.abort();
      messages = [];
      tab.clear();
      view.clear();
      app.emit("reset");
    },
    async erase() {
      const { erased } = await api.erase(tab.conversation || "");
      this.reset();
      return erased.messages;
    },
    add,
    messages: () => messages,
    /**
     * After a reload or on the next page: what was said, and the answer that was being written.
     * @param {() => void} retry
     */
    async resume(retry) {
      if (tab.draft) view.draft(tab.draft);
      const id = await (restored = restore(retry));
      if (id) await run(add({ role: "assistant", text: "", id }), { message: id });
    },
  };
}
