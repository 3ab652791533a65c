import { covers } from "./screen.js";
import { stayInside } from "./focus.js";

/** Events of which pages like to have every one: for scrolling, focus traps, shortcuts, “copy protection”. */
const PRIVATE =
  "wheel touchstart touchmove pointerdown mousedown focusin keydown keypress keyup input paste copy cut selectstart contextmenu".split(
    " ",
  );

/**
 * What the page does with all of its wheel, focus, keys, paste … is not for what happens in *root*.
 * @param {ShadowRoot} root
 */
export const guard = (root) => {
  for (const type of PRIVATE) root.addEventListener(type, (event) => event.stopPropagation());
};

/**
 * Escape leads out step by step, and Tab round in a panel that fills the screen.
 * @param {import("../mount.js").App} app
 * @param {HTMLElement} panel
 */
export function keys(app, panel) {
  const { root } = app;
  root.addEventListener("keydown", (event) => {
    const { key, isComposing } = /** @type {KeyboardEvent} */ (event);
    if (panel.hidden) return;
    if (key === "Escape" && !isComposing && !app.escape?.())
      app.view[root.activeElement === app.view.log ? "focus" : "close"]();
    if (key === "Tab" && covers(app)) stayInside(panel, /** @type {KeyboardEvent} */ (event));
  });
}
