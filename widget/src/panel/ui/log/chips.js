import { h } from "../../html/dom.js";

/**
 * A list of buttons that ask their words, where there are any.
 * @param {import("../../mount.js").App} app
 * @param {string[]} [texts]
 */
export const chips = ({ chat, say }, texts) =>
  texts?.[0]
    ? h(
        "ul.chips",
        { ariaLabel: say("ideas") },
        ...texts.map((text) =>
          h("li", {}, h("button.chip", { part: "chip", onclick: () => chat.ask(text) }, text)),
        ),
      )
    : "";
