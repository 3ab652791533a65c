import { h, icon, iconButton } from "../html/dom.js";
import { CLOSE, MENU, SPARK } from "../html/icons.js";

/** @param {string} src of the owner's avatar; a picture that does not come leaves the spark */
const picture = (src) => {
  const image = h("img", { src, alt: "", onerror: () => image.replaceWith(icon(SPARK)) });
  return image;
};

/**
 * Opens what most visitors never need.
 * @param {import("../mount.js").App} app
 * @param {"menu" | "where"} what
 * @returns {Promise<void>}
 */
const more = (app, what) =>
  app.more().then(
    (part) => part[what](),
    (error) => app.view.problem(error, () => more(app, what)),
  );

/**
 * Who answers, and the buttons of the panel. Neither this nor the foot is a landmark: they would
 * be the page's banner and footer once more.
 * @param {import("../mount.js").App} app
 */
export const header = (app) => {
  const { options, say } = app;
  return h(
    "div::header",
    {},
    h("span::avatar", {}, options.avatar ? picture(options.avatar) : icon(SPARK)),
    h("div.who", {}, h("h2", { id: "title", part: "title" }), h("p.state")),
    iconButton(say("menu"), MENU, () => more(app, "menu"), {
      ariaExpanded: "false",
      "aria-controls": "menu",
    }),
    !options.mode && iconButton(say("close"), CLOSE, () => app.view.close()),
  );
};

/**
 * What a visitor has to know before asking.
 * @param {import("../mount.js").App} app
 */
export const footer = (app) =>
  h(
    "div.footer",
    {},
    h("p.notice", { dir: "auto" }),
    h("button.where", { onclick: () => more(app, "where") }, app.say("where")),
  );

/**
 * Writes what the owner decided into both.
 * @param {import("../mount.js").App} app
 * @param {HTMLElement} panel
 */
export function describe({ config, options, say }, panel) {
  /** @param {string} place @param {string} text */
  const write = (place, text) => {
    /** @type {HTMLElement} */ (panel.querySelector(place)).textContent = text;
  };
  write("h2", options.name || config.name || say("name"));
  write(".notice", config.notice || say("notice"));
  const state = /** @type {any} */ (config.state);
  write(".state", say(/starting|failed/.test(state) ? state : "ai"));
}
