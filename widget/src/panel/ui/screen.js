/** A panel that is lower has its notice in the conversation, which is given the room. */
const LOW = 400;
const phone = matchMedia("(max-width: 480px), (max-height: 420px)");

/** @param {import("../mount.js").App} app whether its panel covers the screen */
export const covers = ({ options }) => phone.matches && !options.mode;

/**
 * Fits the panel into what is seen of the page.
 * @param {import("../mount.js").App} app
 * @param {HTMLElement} panel
 * @param {HTMLElement} log
 * @param {HTMLElement} notice
 */
export function fit(app, panel, log, notice) {
  const { host, ends } = app;
  /** The keyboard of a phone covers the page, not what is seen of it. */
  const view = /** @type {VisualViewport} */ (visualViewport);
  const follow = () => {
    // Who magnifies the page looks at a part of the panel, and moves about in it.
    if (view.scale > 1) return;
    host.style.setProperty("--vh", `${view.height}px`);
    host.style.setProperty("--vt", `${view.offsetTop}px`);
  };
  for (const type of ["resize", "scroll"]) view.addEventListener(type, follow, ends);
  follow();

  new ResizeObserver(() => {
    panel.ariaModal = covers(app) ? "true" : null;
    const low = panel.clientHeight < LOW;
    if (panel.hidden || low === log.contains(notice)) return;
    panel.classList.toggle("low", low);
    if (low) log.prepend(notice);
    else panel.append(notice);
  }).observe(panel);
}
