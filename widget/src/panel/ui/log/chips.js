import { h } from "../../html/dom.js";

/**
 * A list of buttons that ask their words, where there are any.
 * @param {import("../../mount.js").App} app
 * @param {string[]} [texts]
 * @param {string} [lang] of their words, where it is known
 */
export const chips = ({ chat, say }, texts, lang) =>
  texts?.[0]
    ? h(
        "ul.chips",
        { ariaLabel: say("ideas") },
        ...texts.map((text) =>
          h("li", {}, h("button::chip", { lang, onclick: () => chat.ask(text) }, text)),
        ),
      )
    : "";
