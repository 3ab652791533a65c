/**
 * Tab goes round inside *box*: for a panel that covers the whole screen.
 * @param {HTMLElement} box
 * @param {KeyboardEvent} event
 */
export function stayInside(box, event) {
  const stops = [
    ...box.querySelectorAll("button,a,input,textarea,summary,select,[tabindex]"),
  ].filter((stop) => stop.getClientRects().length && !stop.closest("[inert]"));
  const [from, to] = event.shiftKey
    ? [stops[0], stops[stops.length - 1]]
    : [stops[stops.length - 1], stops[0]];
  if (/** @type {ShadowRoot} */ (box.getRootNode()).activeElement === from) {
    event.preventDefault();
    /** @type {HTMLElement} */ (to).focus();
  }
}
