import { h } from "../dom.js";
import { bubbleOf } from "./message.js";
import { badge } from "./badge.js";

/** Within this many pixels of its end, the conversation follows the answer as it grows. */
const NEAR = 64;

/**
 * The conversation as a list, and what a screen reader hears of it.
 * @param {import("../mount.js").App} app
 * @param {{retry(): void, ask(text: string): void}} on
 */
export function log(app, on) {
  const { say, tab, options } = app;
  /** @type {Map<object, ReturnType<typeof bubbleOf>>} */
  const bubbles = new Map();
  const list = h("ol", {});
  const top = h("div.top", {});
  const end = h("div", {});
  // Streamed text must not be read word by word: the list is not live, the line below is.
  const element = h(
    "div.log",
    { part: "log", role: "log", ariaLive: "off", ariaLabel: say("chat"), tabIndex: 0 },
    top,
    list,
    end,
  );
  const status = h("div.unseen", { role: "status", ariaLive: "polite" });
  const unread = badge(app);
  const checkbox = h("input", {
    type: "checkbox",
    id: "keep",
    checked: /** @type {any} */ (navigator).globalPrivacyControl || options.keep === "false",
  });

  /** The last question: what answers it is read from its beginning. @type {HTMLElement | undefined} */
  let asked;
  const follow = (/** @type {() => void} */ change) => {
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    change();
    if (!near) return;
    const { scrollTop } = element;
    element.scrollTop = element.scrollHeight;
    const over = asked
      ? element.getBoundingClientRect().top - asked.getBoundingClientRect().top
      : 0;
    if (over > 0) element.scrollTop = Math.max(scrollTop, element.scrollTop - over);
  };

  /** Said once: the text is taken away before it could be read again. @param {string} text */
  const announce = (text) => {
    const line = h("p", {}, text);
    status.append(line);
    setTimeout(() => line.remove(), 1000);
  };

  /** @type {Set<object>} */
  const drawings = new Set();
  const draw = () => {
    const due = [...drawings];
    drawings.clear();
    follow(() => due.forEach((message) => bubbles.get(message)?.draw()));
  };
  /** Draws at most once a frame, however fast the tokens come. @param {import("../messages.js").Message} message */
  const show = (message) => {
    for (const first of [...top.children].slice(1)) first.remove(); // all but the greeting
    if (!bubbles.has(message)) {
      const bubble = bubbleOf(app, message, on);
      bubbles.set(message, bubble);
      end.replaceChildren();
      follow(() => list.append(bubble.element));
      if (message.role === "user") {
        asked = bubble.element;
        element.scrollTop = element.scrollHeight;
      }
    }
    if (!drawings.size) requestAnimationFrame(draw);
    drawings.add(message);
  };

  /** A list of buttons, where there are *texts*. @param {string[]} [texts] */
  const chips = (texts) =>
    texts?.[0]
      ? h(
          "ul.chips",
          { ariaLabel: say("ideas") },
          ...texts.map((text) =>
            h("li", {}, h("button.chip", { part: "chip", onclick: () => on.ask(text) }, text)),
          ),
        )
      : "";

  return {
    element,
    status,
    announce,
    show,
    /** @param {object} message */
    remove(message) {
      bubbles.get(message)?.element.remove();
      bubbles.delete(message);
    },
    clear() {
      bubbles.clear();
      list.replaceChildren();
      end.replaceChildren();
      this.greet();
    },
    greet() {
      const fresh = !bubbles.size;
      const { greeting, suggestions } = app.config;
      top.replaceChildren(
        h("p.text", { dir: "auto" }, greeting || say("hello")),
        fresh ? chips(suggestions) : "",
        fresh && !tab.conversation ? h("label.keep", {}, checkbox, say("keep")) : "",
      );
    },
    keep: () => !checkbox.checked,
    /** @param {import("../messages.js").Message} message */
    finished(message) {
      const { suggestions, error } = message;
      requestAnimationFrame(() => {
        announce(error || bubbles.get(message)?.spoken() || "");
        follow(() => end.replaceChildren(chips(suggestions)));
      });
      if (message.text) unread.add();
    },
    /** A failure that belongs to no answer. @param {Error} error @param {() => void} retry */
    problem(error, retry) {
      const text = error.message || say("away");
      const again = h(
        "button.chip",
        { onclick: () => (end.replaceChildren(), retry()) },
        say("retry"),
      );
      end.replaceChildren(h("div.error", { part: "error" }, h("p", { dir: "auto" }, text), again));
      announce(text);
      element.scrollTop = element.scrollHeight;
    },
    seen: unread.seen,
  };
}
