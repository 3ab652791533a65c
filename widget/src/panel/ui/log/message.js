import { h, patch } from "../../html/dom.js";
import { markdown, withHardBlanks } from "../../html/markdown.js";
import { ending, waiting } from "./below.js";

/**
 * One message of the list.
 * @param {import("../../mount.js").App} app
 * @param {import("../../conversation/messages.js").Message} message
 */
export function bubbleOf(app, message) {
  const { say } = app;
  const mine = message.role === "user";
  const text = h("div.text", { part: mine ? "question" : "answer", dir: "auto" });
  const below = h("div.below", {});
  const element = h(
    "li",
    { className: message.role },
    h(
      "span",
      { className: message.name ? "note" : "unseen" },
      say("said", message.name || say(mine ? "you" : "name")),
    ),
    text,
    below,
  );
  let finished = false;

  const draw = () => {
    if (mine) text.textContent = withHardBlanks(message.text);
    else patch(text, markdown(message.text));
    text.hidden = !message.text;
    if (mine || finished) return;
    finished = !message.running;
    below.replaceChildren(...(finished ? ending(app, message, below) : [waiting(app, message)]));
  };

  return { element, draw, text };
}
