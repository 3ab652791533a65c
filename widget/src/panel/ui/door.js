import { covers } from "./screen.js";

/**
 * How the panel opens and closes.
 * @param {import("../mount.js").App} app
 * @param {HTMLElement} panel
 */
export function door(app, panel) {
  const { host, root, bubble, options, tab, emit } = app;
  bubble.ariaHasPopup = "dialog";
  bubble.ariaExpanded = "false";
  bubble.setAttribute("aria-controls", "panel");
  const move = (/** @type {boolean} */ now) => {
    panel.hidden = !now;
    host.toggleAttribute("data-open", now);
    bubble.ariaExpanded = String(now);
    if (!options.mode) tab.save({ open: now });
  };

  /** @param {boolean} [focus] false when the visitor did not ask for it just now */
  const open = (focus = true) => {
    // Not again what was closed; and a full-screen dialogue would leave the focus behind it.
    if (!focus && !options.mode && (covers(app) || tab.open === false)) return;
    if (panel.hidden) {
      move(true);
      app.view.grow();
      emit("open");
    }
    if (focus) app.view.focus();
  };
  const close = () => {
    if (panel.hidden || options.mode) return;
    move(false);
    if (root.activeElement) bubble.focus();
    emit("close");
  };
  return { open, close, toggle: () => (panel.hidden ? open() : close()) };
}
