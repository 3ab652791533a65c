import { h, icon, iconButton } from "../dom.js";
import { direction } from "../i18n.js";
import { CLOSE, MENU, SPARK } from "../icons.js";
import { composer } from "./composer.js";
import { log } from "./log.js";
import { stayInside } from "./focus.js";

/** Events of which pages like to have every one: for scrolling, focus traps, shortcuts, “copy protection”. */
const PRIVATE =
  "wheel touchstart touchmove pointerdown mousedown focusin keydown keypress keyup input paste copy cut selectstart contextmenu".split(
    " ",
  );

/** @param {string} src of the owner's avatar; a picture that does not come leaves the spark */
const picture = (src) => {
  const image = h("img", { src, alt: "", onerror: () => image.replaceWith(icon(SPARK)) });
  return image;
};

/**
 * The panel's window: header, conversation, composer, and how it opens and closes.
 * @param {import("../mount.js").App} app
 */
export function frame(app) {
  const { host, root, bubble, options, tab, say, emit } = app;
  bubble.ariaHasPopup = "dialog";
  bubble.ariaExpanded = "false";
  bubble.setAttribute("aria-controls", "panel");
  const inline = !!options.mode;
  const title = h("h2", { id: "title", part: "title" }, options.name || say("name"));
  const state = h("p.state", {}, say("ai"));
  const messages = log(app, {
    retry: () => app.chat.retry(),
    ask: (/** @type {string} */ text) => (input.focus(), app.chat.send(text)),
  });
  const input = composer(app, {
    send: (/** @type {string} */ text) => app.chat.send(text),
    stop: () => app.chat.stop(),
    page: (/** @type {number} */ pages) =>
      messages.element.scrollBy(0, pages * messages.element.clientHeight),
  });
  /** @param {string} what */
  const more = (what) =>
    app.more().then(
      (part) => part[what](),
      (error) => messages.problem(error, () => more(what)),
    );
  const menu = iconButton(say("menu"), MENU, () => more("menu"), {
    ariaExpanded: "false",
    "aria-controls": "menu",
  });
  const where = h("button.where", { onclick: () => more("where") }, say("where"));
  const notice = h("p.notice", { dir: "auto" }, say("notice"));
  const panel = h(
    "section.panel",
    {
      part: "panel",
      id: "panel",
      role: inline ? "region" : "dialog",
      "aria-labelledby": "title",
      dir: direction(app.locale),
      hidden: true,
    },
    // No landmarks: they would be the page's banner and footer once more.
    h(
      "div.header",
      { part: "header" },
      h("span.avatar", { part: "avatar" }, options.avatar ? picture(options.avatar) : icon(SPARK)),
      h("div.who", {}, title, state),
      menu,
      !inline && iconButton(say("close"), CLOSE, () => close()),
    ),
    messages.element,
    ...input.elements,
    h("div.footer", {}, notice, where),
    messages.status,
  );
  root[/top/.test(/** @type {any} */ (options.position)) ? "append" : "prepend"](panel);
  const phone = matchMedia("(max-width: 480px), (max-height: 420px)");
  const modal = () => (panel.ariaModal = phone.matches && !inline ? "true" : null);
  const listeners = new AbortController();
  phone.addEventListener("change", modal, listeners);
  modal();

  /** The keyboard of a phone covers the page, not what is seen of it. */
  const view = /** @type {VisualViewport} */ (visualViewport);
  const fit = () => {
    // Who magnifies the page looks at a part of the panel, and moves about in it.
    if (view.scale > 1) return;
    host.style.setProperty("--vh", `${view.height}px`);
    host.style.setProperty("--vt", `${view.offsetTop}px`);
  };
  for (const type of ["resize", "scroll"]) view.addEventListener(type, fit, listeners);
  fit();

  // What the page does with all of its wheel, focus, keys, paste … is not for what happens here.
  for (const type of PRIVATE) root.addEventListener(type, (event) => event.stopPropagation());
  root.addEventListener("keydown", (event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    if (panel.hidden) return;
    if (key === "Escape" && !(/** @type {KeyboardEvent} */ (event).isComposing) && !app.escape?.())
      (root.activeElement === messages.element ? input.focus : close)();
    if (key === "Tab" && panel.ariaModal) stayInside(panel, /** @type {KeyboardEvent} */ (event));
  });

  /** @param {boolean} [focus] false when the visitor did not ask for it just now */
  const open = (focus = true) => {
    // Not again what was closed; and a full-screen dialogue would leave the focus behind it.
    if (!focus && !inline && (panel.ariaModal || tab.open === false)) return;
    if (panel.hidden) {
      panel.hidden = false;
      input.grow();
      host.dataset.open = "";
      bubble.ariaExpanded = "true";
      messages.seen(true);
      if (!inline) tab.save({ open: true });
      emit("open");
    }
    if (focus) input.focus();
  };
  const close = () => {
    if (panel.hidden || inline) return;
    panel.hidden = true;
    delete host.dataset.open;
    bubble.ariaExpanded = "false";
    messages.seen(false);
    tab.save({ open: false });
    if (root.activeElement) bubble.focus();
    emit("close");
  };

  return {
    open,
    close,
    toggle: () => (panel.hidden ? open() : close()),
    ...messages,
    ...input,
    panel,
    menu,
    /** Draws what the server's configuration says. */
    configured() {
      const { config } = app;
      title.textContent = config.name || say("name");
      notice.textContent = config.notice || say("notice");
      if (config.limits) input.limit(config.limits.message_chars);
      state.textContent = say(
        /** @type {any} */ (/starting|failed/.exec(/** @type {any} */ (config.state))?.[0] || "ai"),
      );
      messages.greet();
    },
    destroy: () => listeners.abort(),
  };
}
