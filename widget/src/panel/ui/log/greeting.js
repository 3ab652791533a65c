import { h } from "../../html/dom.js";
import { chips } from "./chips.js";

/**
 * What stands above the first question.
 * @param {import("../../mount.js").App} app
 */
export function greeting(app) {
  const { say, tab, options, messages } = app;
  const top = h("div.top");
  const checkbox = h("input", {
    type: "checkbox",
    id: "keep",
    checked: /** @type {any} */ (navigator).globalPrivacyControl || options.keep === "false",
  });
  return {
    top,
    keep: () => !checkbox.checked,
    greet() {
      const { greeting, suggestions, suggestions_locale } = app.config;
      const fresh = !messages.length;
      top.replaceChildren(
        h("p.text", { dir: "auto" }, options.greeting || greeting || say("hello")),
        fresh ? chips(app, suggestions, suggestions_locale) : "",
        fresh && !tab.conversation ? h("label.keep", {}, checkbox, say("keep")) : "",
      );
    },
  };
}
