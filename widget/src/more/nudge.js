import { h, icon } from "../panel/dom.js";
import { CLOSE } from "../panel/icons.js";

/**
 * A line beside the bubble. It takes no focus, covers nothing of the panel, and once it was
 * taken or sent away it does not come back.
 * @param {import("../panel/mount.js").App} app
 * @param {string} text
 */
export function nudge({ root, host, say, bubble, kept, view }, text) {
  if (host.dataset.open === "") return;
  const away = () => {
    kept.save({ open: false });
    tip.remove();
    bubble.focus();
  };
  const ask = h("button", { type: "button", onclick: () => (tip.remove(), view.open()) }, text);
  const close = h("button", { type: "button", className: "icon", ariaLabel: say("close"), onclick: away }, icon(CLOSE));
  const tip = h("div", { className: "panel tip", part: "tip", role: "complementary", ariaLabel: say("name") }, ask, close);
  root.insertBefore(tip, bubble);
  bubble.addEventListener("click", () => tip.remove(), { once: true });
}
