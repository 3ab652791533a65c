import { h, iconButton } from "../panel/html/dom.js";
import { CLOSE } from "../panel/html/icons.js";

/**
 * A line beside the bubble. It takes no focus, goes when the panel opens, and once it was
 * taken or sent away it does not come back.
 * @param {import("../panel/mount.js").App} app
 * @param {string} text
 */
export function nudge({ root, options, say, bubble, tab, view }, text) {
  if (tab.open !== undefined) return;
  const away = () => {
    tab.save({ open: false });
    tip.remove();
    bubble.focus();
  };
  const ask = h("button", { onclick: () => view.open() }, text);
  const close = iconButton(say("close"), CLOSE, away);
  const tip = h(
    "div.panel tip",
    { part: "tip", role: "complementary", ariaLabel: say("name") },
    ask,
    close,
  );
  tip.addEventListener(
    "keydown",
    (/** @type {KeyboardEvent} */ { key }) => key === "Escape" && away(),
  );
  if (/top/.test(options.position || "")) bubble.after(tip);
  else bubble.before(tip);
  document.addEventListener(
    "chatbot:open",
    (/** @type {any} */ { detail }) => detail.site === options.site && tip.remove(),
  );
}
