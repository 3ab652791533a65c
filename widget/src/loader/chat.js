import { paint } from "../color.js";
import { element, load } from "./lazy.js";
import css from "./loader.css";
import { OFFLINE } from "./words.js";

/** Consent banners that are waited for without being named in `data-avoid`. */
const BANNERS = "#onetrust-banner-sdk,#CybotCookiebotDialog,#tarteaucitronAlertBig";

/**
 * The widget's own box. Inline and important, so that no rule of the page reaches it; only
 * the owner's `--chatbot-…` variables do. In the page's text it keeps the panel's place free.
 * @param {import("./tags.js").Options} options
 */
const style = ({ mode, position = "bottom-right", color, size, style = "" }) => {
  const [accent, ink] = paint(color);
  const corner = position.replace(
    "-",
    ":calc(var(--chatbot-y,20px) + env(safe-area-inset-bottom));",
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
  const { mode, open } = options;
  const locale = (options.locale || document.documentElement.lang || navigator.language)
    .slice(0, 2)
    .toLowerCase();
  const offline = OFFLINE[locale] || "Chat offline";
  const host = element("chatbot-widget", { lang: locale, style: style(options) });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  let /** @type {any} */ panel,
    /** @type {any} */ timer,
    /** @type {any} */ loading,
    /** @type {any} */ offlineLabel;
  /** @type {[string, ...any[]][]} */
  let calls = [];

  const prepare = () => {
    if (loading) return;
    loading = 1;
    addEventListener("chatbot:panel", (/** @type {any} */ { detail }) => {
      if (panel) return;
      label((offlineLabel = 0));
      panel = detail({ options, locale, host, root, bubble, load, paint });
      calls.map((call) => panel.call(...call));
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

  /** Where the page wants it; again after Turbo, htmx or Astro replaced the body. */
  const place = (at = tag) => {
    if (host.isConnected) return;
    const target = document.querySelector(options.target || "_");
    if (mode && !target && at?.closest("body")) at.after(host);
    else (target || document.body).append(host);
  };

  /**
   * Swapped pages get the widget back, and a consent banner is never covered. What sets `hidden`
   * is itself a change of the page: while a banner is there, it is looked for twice a second.
   */
  const refresh = () => {
    if (!mode) place();
    host.hidden = [...document.querySelectorAll(options.avoid || BANNERS)].some(
      (/** @type {any} */ banner) =>
        banner.offsetHeight && getComputedStyle(banner).visibility != "hidden",
    );
  };

  /** What this visitor's earlier use of the chat left in this tab; only read here. */
  let used = mode;
  try {
    used ||= /** @type {any} */ (window)[(options.storage || "session") + "Storage"][
      "chatbot:" + options.site
    ];
  } catch {}

  const bubble = element("button", {
    className: "bubble",
    part: "bubble",
    onclick: () =>
      offlineLabel
        ? window.open(`${options.base}chat/${options.site}`)
        : call(panel ? "toggle" : "open"),
    onpointerenter: prepare,
    onfocus: prepare,
  });
  /** @param {any} [text] instead of the label */
  const label = (text) =>
    (bubble.ariaLabel = (bubble.textContent = text || options.label) || offline.split(" ")[0]);
  label();
  if (mode) place();
  else root.append(bubble);
  refresh();
  if (used || /chatbot-debug/.test(location.search)) prepare();
  else if (open || options.proactive)
    timer = setTimeout(
      call,
      /** @type {any} */ (open || options.delay || 20) * 1e3,
      open ? "open" : "nudge",
      !open && options.proactive,
    );

  return {
    call,
    place,
    refresh,
    destroy() {
      panel?.call("destroy");
      clearTimeout(timer);
      host.remove();
    },
  };
}
