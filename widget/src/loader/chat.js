import { paint } from "../color.js";
import { element, load } from "./lazy.js";
import css from "./loader.css";
import { OFFLINE } from "./words.js";

/**
 * The widget's own box. Inline and important, so that no rule of the page reaches it; only
 * the owner's `--chatbot-…` variables do. In the page's text it keeps the panel's place free.
 * @param {import("./tags.js").Options} options
 */
const style = ({ mode, position = "bottom-right", color, size, style = "" }) => {
  const [accent, ink] = paint(color);
  const corner = position.replace(
    "-",
    ":calc(var(--chatbot-y,20px) + var(--up,0px) + env(safe-area-inset-bottom));",
  );
  const box = mode
    ? "display:block;min-height:var(--chatbot-height,600px)"
    : `position:fixed;${corner}:var(--chatbot-x,20px);z-index:var(--chatbot-z,99999)`;
  const font = "font:16px/28px var(--chatbot-font,system-ui,sans-serif)";
  const rules = `all:initial;${box};${font};--a:${accent};--i:${ink};--p:${/** @type {any} */ (size || 56) / 2 - 15}px;`;
  return rules.replace(/;/g, "!important;") + style;
};

/**
 * One chat of the page: its bubble, and its panel once someone wants it. Nothing is stored or
 * requested before that.
 * @param {import("./tags.js").Options} options
 * @param {HTMLElement} [tag]
 */
export function chat(options, tag) {
  const { mode } = options;
  const locale = (options.locale || document.documentElement.lang || navigator.language).slice(
    0,
    2,
  );
  const offline = OFFLINE[locale] || "Chat offline";
  const host = element("chatbot-widget", { style: style(options) });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  let /** @type {any} */ panel,
    /** @type {any} */ timer,
    /** @type {any} */ loading,
    /** @type {any} */ offlineLabel,
    /** @type {any} */ calls = [];

  const prepare = () => {
    if (loading) return;
    loading = 1;
    addEventListener("chatbot:panel", (/** @type {any} */ event) => {
      if (panel) return;
      label((offlineLabel = 0));
      panel = event.detail({ options, locale, host, root, bubble, load, paint });
      calls.map((/** @type {any} */ call) => panel.call(...call));
    });
    load(options, () => {
      // Each approach tries again, and without the panel there is still the plain page.
      loading = 0;
      label((offlineLabel = offline + " ↗"));
      root.append(bubble);
    });
  };

  /** @param {[string, ...any[]]} call */
  const call = (...call) => {
    if (panel) panel.call(...call);
    else (calls.push(call), prepare());
  };

  /**
   * Puts the widget where the page wants it, at the start and whenever the page changed: Turbo,
   * htmx or Astro replaced the body, a router made the place of a chat in the text anew, a modal
   * dialogue made all of the page inert but itself, or something fixed lies under the bubble.
   * What sets `hidden` is itself a change of the page: while a banner is there, it is looked for
   * twice a second.
   */
  const place = (at = tag) => {
    const { target, position } = options;
    const home =
      (!mode && document.querySelector("dialog:modal")) || document.querySelector(target || "body");
    if (mode ? !host.isConnected : host.parentNode != home)
      if (mode && !target && at && !at.closest("head")) at.after(host);
      else home?.append(host);
    host.hidden = [...document.querySelectorAll(options.avoid || "_")].some(
      (/** @type {any} */ banner) =>
        banner.offsetHeight && getComputedStyle(banner).visibility == "visible",
    );
    if (mode) return;
    // Something around it moves what is fixed: only the top layer is free of that.
    if (host.offsetParent) {
      host.popover = "_"; // whatever is not "auto" is "manual"
      host.showPopover();
    }
    /** @type {any} */
    const over = document
      .elementsFromPoint(bubble.getBoundingClientRect().x + 29, innerHeight - 29)
      .find(
        (/** @type {any} */ element) =>
          // A bubble at the top has the page's header beside it, which stays.
          !/^t/.test(/** @type {any} */ (position)) &&
          !element.offsetParent &&
          element.offsetTop > 99 &&
          element.querySelector("button,a,iframe"),
      );
    // A change of the page like `hidden`: what fades away after a look is looked for again.
    host.style.setProperty(
      "--up",
      (host.autofocus = over) ? innerHeight - over.offsetTop + "px" : "",
    );
  };

  /** What this visitor's earlier use of the chat left in this tab; only read here. */
  let used;
  try {
    used =
      mode ||
      /** @type {any} */ (window)[(options.storage || "session") + "Storage"][
        "chatbot:" + options.site
      ];
  } catch {}

  const bubble = element("button", {
    className: "bubble",
    part: "bubble",
    onclick: () =>
      offlineLabel ? open(options.base + "chat/" + options.site) : call(panel ? "toggle" : "open"),
    onpointerenter: prepare,
    onfocus: prepare,
  });
  /** @param {any} [text] instead of the label */
  const label = (text) =>
    (bubble.ariaLabel = (bubble.textContent = text || options.label) || offline.split(" ")[0]);
  label();
  if (!mode) root.append(bubble);
  if (used || /chatbot-debug/.test(location.search)) prepare();
  else if (options.open || options.proactive)
    timer = setTimeout(
      call,
      /** @type {any} */ (options.open || options.delay || 20) * 1e3,
      options.open ? "open" : "nudge",
      !options.open && options.proactive,
    );

  return {
    call,
    place,
    destroy() {
      clearTimeout(timer);
      panel?.call("destroy");
      host.remove();
    },
  };
}
