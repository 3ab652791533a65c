import { h } from "../dom.js";

/**
 * The number of answers that came while the panel was closed, on the bubble.
 * @param {import("../mount.js").App} app
 */
export function badge({ bubble, say }) {
  let open = false;
  let count = 0;
  const number = h("span.badge", { part: "badge", hidden: true });
  bubble.append(number);
  const draw = () => {
    number.hidden = !count;
    number.textContent = String(count);
    bubble.ariaDescription = count ? `${say("fresh")}: ${count}` : null;
  };
  return {
    add() {
      if (!open) count++;
      draw();
    },
    /** @param {boolean} now */
    seen(now) {
      open = now;
      if (open) count = 0;
      draw();
    },
  };
}
