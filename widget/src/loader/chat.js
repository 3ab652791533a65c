import { colour, ink } from "../color.js";
import { load } from "./lazy.js";
import css from "./loader.css";
import { speech } from "./words.js";

/** Consent banners that are waited for without being named in `data-avoid`. */
const BANNERS = "#onetrust-banner-sdk,#CybotCookiebotDialog,#tarteaucitronAlertBig";

/**
 * @param {string} name
 * @param {any} properties
 * @returns {any}
 */
const element = (name, properties) => Object.assign(document.createElement(name), properties);

/**
 * The widget's own box. Inline and important, so that no rule of the page reaches it; only
 * the owner's `--chatbot-…` variables do.
 * @param {import("./tags.js").Options} options
 */
const style = ({ position = "bottom-right", color, size, style = "" }) => {
  const accent = colour(color);
  const [edge, side] = position.split("-");
  return `all:initial;position:fixed;${edge}:calc(var(--chatbot-y,20px) + env(safe-area-inset-bottom));${side}:var(--chatbot-x,20px);z-index:var(--chatbot-z,99999);display:block;font:16px/1.5 var(--chatbot-font,system-ui,sans-serif);--a:${accent};--i:${ink(accent)};--s:${size || 56}px;`.replace(/;/g, "!important;") + style;
};

/**
 * One chat of the page: its bubble, and its panel once someone wants it. Nothing is stored or
 * requested before that.
 * @param {import("./tags.js").Options} options
 * @param {HTMLElement} [tag]
 */
export function chat(options, tag) {
  const { mode, site, open, proactive, label } = options;
  const [locale, name] = speech(options.locale);
  const host = element("chatbot-widget", { lang: locale, style: style(options) });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  let /** @type {any} */ panel, /** @type {any} */ timer, /** @type {any} */ poll, /** @type {any} */ loading, /** @type {any} */ lost;
  /** @type {[string, ...any[]][]} */
  let calls = [];

  const prepare = () => {
    if (loading) return;
    loading = 1;
    const mount = (/** @type {any} */ event) => {
      panel = event.detail({ options, locale, host, root, bubble, load });
      calls.map((call) => panel.call(...call));
    };
    addEventListener("chatbot:panel", mount, { once: true });
    // Without the panel there is still the plain page.
    load(options, () => {
      removeEventListener("chatbot:panel", mount);
      lost = 1;
      bubble.append((bubble.ariaLabel += " ⚠ ↗"));
    });
  };

  /** @param {[string, ...any[]]} call */
  const call = (...call) => {
    clearTimeout(timer);
    if (panel) panel.call(...call);
    else calls.push(call), prepare();
  };

  /** Where the page wants it; again after Turbo, htmx or Astro replaced the body. */
  const place = (at = tag) => {
    if (host.isConnected) return;
    const target = document.querySelector(options.target || "_");
    if (target) target.append(host);
    else if (mode && at?.closest("body")) at.after(host);
    else document.body.append(host);
  };

  /** Looks each half second for swapped pages, and for consent banners, which it never covers. */
  const watch = () => {
    if (!mode) place();
    host.hidden = [...document.querySelectorAll(options.avoid || BANNERS)].some((/** @type {any} */ banner) => banner.offsetHeight);
    poll = setTimeout(watch, 500);
  };

  /** What this visitor's earlier use of the chat left in this tab; only read here. */
  const kept = () => {
    try {
      return (options.storage == "local" ? localStorage : sessionStorage)["chatbot:" + site];
    } catch {}
  };

  const bubble = element(
    "button",
    { className: "bubble", part: "bubble", ariaLabel: label || name, ariaExpanded: false, onclick: () => (lost ? window.open(`${options.base}chat/${site}`) : call("toggle")), onpointerenter: prepare, onfocus: prepare, textContent: label },
  );
  if (!mode) root.append(bubble);
  place();
  watch();
  if (mode || kept() || /chatbot-debug/.test(location.search)) prepare();
  else if (open || proactive)
    timer = setTimeout(() => (open ? call("open", false) : call("nudge", proactive)), +(open || options.delay || 20) * 1e3);

  return {
    call,
    place,
    destroy() {
      panel?.call("destroy");
      clearTimeout(timer);
      clearTimeout(poll);
      host.remove();
    },
  };
}
