import { h } from "../panel/html/dom.js";

/**
 * The number of answers that came while the panel was closed, on the bubble.
 * @param {import("../panel/mount.js").App} app
 */
export function badge({ bubble, messages, say, view }) {
  /** @type {WeakSet<object>} */
  const seen = new WeakSet();
  const number = h("span::badge");
  const draw = () => {
    // What was said on an earlier page never ran here.
    const written = messages.filter(({ running, text }) => running === false && text);
    if (!view.panel.hidden) written.forEach((message) => seen.add(message));
    const count = written.filter((message) => !seen.has(message)).length;
    number.hidden = !count;
    number.textContent = String(count);
    bubble.ariaDescription = count ? `${say("fresh")}: ${count}` : null;
  };
  bubble.append(number);
  for (const type of ["message", "open", "reset"])
    document.addEventListener(`chatbot:${type}`, draw);
  draw();
}
