import { h } from "../../html/dom.js";
import { failure } from "./below.js";
import { chips } from "./chips.js";
import { greeting } from "./greeting.js";
import { bubbleOf } from "./message.js";
import { follow, toEnd } from "./scroll.js";

/** @typedef {import("../../conversation/messages.js").Message} Message */

/**
 * The conversation as a list, and what a screen reader hears of it.
 * @param {import("../../mount.js").App} app
 */
export function log(app) {
  const { say } = app;
  const { top, ...start } = greeting(app);
  const list = h("ol");
  const end = h("div");
  // Streamed text must not be read word by word: the list is not live, the status is.
  const log = h(
    "div::log",
    { role: "log", ariaLive: "off", ariaLabel: say("chat"), tabIndex: 0 },
    top,
    list,
    end,
  );
  /** What is offered below the conversation, or in its last answer. */
  const clearEnd = () => (log.append(end), end.replaceChildren());
  const voice = herald();
  const draw = drawing(log);

  return {
    ...start,
    ...voice,
    log,
    /** @param {Message} message */
    show(message) {
      while (top.children[1]) top.children[1].remove(); // all but the greeting
      if (!message.bubble) {
        const { element } = (message.bubble = bubbleOf(app, message));
        clearEnd();
        follow(log, () => list.append(element));
        if (message.role === "user") toEnd(log);
      }
      draw(message);
    },
    /** @param {Message} message */
    remove: ({ bubble }) => bubble?.element.remove(),
    clear() {
      list.replaceChildren();
      clearEnd();
      start.greet();
    },
    /** @param {Message} message */
    finished({ error, suggestions = [], sources, origin, person, bubble }) {
      requestAnimationFrame(() => {
        // Pages that a no offers stand below it; choices of a question are in its text, too.
        const pages = (origin === "none" && sources?.map(({ title }) => title)) || [];
        const offered = sources ? [...pages, ...suggestions].join(", ") : "";
        voice.announce(error || `${bubble?.text.innerText} ${offered}`.trim());
        follow(log, () => {
          end.replaceChildren(chips(app, suggestions));
          // What these answers end with: “You can ask me about:”.
          if (/none|question/.test(/** @type {any} */ (origin)))
            bubble?.element.lastElementChild?.prepend(end);
        });
        if (person) app.more().then((part) => part.human(end));
      });
    },
    /** A failure that belongs to no answer. @param {Error} error @param {() => void} retry */
    problem(error, retry) {
      const text = error.message || say("away");
      const again = () => (app.view.focus(), end.replaceChildren(), retry());
      clearEnd();
      end.append(failure(text, h("button.chip", { onclick: again }, say("retry"))));
      voice.announce(text);
      toEnd(log);
    },
  };
}

/** What a screen reader is told. */
function herald() {
  const status = h("div.unseen", { role: "status", ariaLive: "polite" });
  return {
    status,
    /** Said once: the text is taken away before it could be read again. @param {string} text */
    announce(text) {
      const line = h("p", {}, text);
      status.append(line);
      setTimeout(() => line.remove(), 1000);
    },
  };
}

/**
 * Draws messages at most once a frame, however fast the tokens come.
 * @param {HTMLElement} log
 * @returns {(message: Message) => void}
 */
function drawing(log) {
  /** @type {Set<Message>} */
  const due = new Set();
  const draw = () => {
    follow(log, () => due.forEach(({ bubble }) => bubble?.draw()));
    due.clear();
  };
  return (message) => {
    if (!due.size) requestAnimationFrame(draw);
    due.add(message);
  };
}
