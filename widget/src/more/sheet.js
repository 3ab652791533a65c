import { h, iconButton } from "../panel/html/dom.js";
import { BACK } from "../panel/html/icons.js";

/**
 * A page laid over the conversation, one at a time; what it covers cannot be reached.
 * @param {import("../panel/mount.js").App} app
 */
export function sheets({ say, view }) {
  const { panel } = view;
  const element = h("section::sheet", { hidden: true });
  element.setAttribute("aria-labelledby", "sheet");
  panel.append(element);
  const cover = (/** @type {boolean} */ on) => {
    element.hidden = !on;
    for (const part of panel.children)
      if (part !== element && !part.matches(".header,[role=status],.menu")) part.inert = on;
  };
  /** @returns {boolean} whether there was one to close */
  const close = () => {
    if (element.hidden) return false;
    cover(false);
    view.focus();
    return true;
  };
  /** @param {string} title @param {...(Node | string | false | null | undefined)} content */
  const open = (title, ...content) => {
    const back = iconButton(say("back"), BACK, close);
    element.replaceChildren(
      h("div.title", {}, back, h("h3", { id: "sheet", tabIndex: -1 }, title)),
      ...content.filter((item) => !!item),
    );
    // The header has as many lines as its words need.
    element.style.top = `${panel.firstChild.offsetHeight}px`;
    cover(true);
    element.querySelector("h3").focus();
  };
  return { open, close };
}
