/**
 * Tab goes round inside *box*: for a panel that covers the whole screen.
 * @param {HTMLElement} box
 * @param {KeyboardEvent} event
 */
export function stayInside(box, event) {
  const stops = [
    ...box.querySelectorAll("button,a,input,textarea,summary,select,[tabindex]"),
  ].filter((stop) => stop.getClientRects().length && !stop.closest("[inert]"));
  if (event.shiftKey) stops.reverse();
  if (/** @type {ShadowRoot} */ (box.getRootNode()).activeElement !== stops.at(-1)) return;
  event.preventDefault();
  /** @type {HTMLElement} */ (stops[0]).focus();
}
