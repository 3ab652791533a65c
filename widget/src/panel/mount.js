import { connect } from "./server/api.js";
import { readable } from "./looks/contrast.js";
import { conversation } from "./conversation/conversation.js";
import { choose, speak } from "./i18n.js";
import { part } from "./lazy.js";
import { markdown } from "./html/markdown.js";
import chatStyle from "./looks/chat.css";
import frameStyle from "./looks/frame.css";
import looksStyle from "./looks/looks.css";
import { remember } from "./store.js";
import { frame } from "./ui/frame.js";

/**
 * What the menu and the forms do with the conversation.
 * @typedef {object} Chat
 * @property {(text: string) => Promise<void>} send
 * @property {(text: string) => Promise<void>} ask
 * @property {() => void} stop
 * @property {() => Promise<void>} retry
 * @property {() => void} reset
 * @property {(again: () => void) => Promise<void>} resume shows what was said before
 * @property {() => Promise<number>} erase how many messages were erased
 */

/** The panel's window, as frame() makes it. @typedef {ReturnType<typeof frame>} View */

/**
 * Answer of `GET /api/widget`: what the owner decided on the server.
 * @typedef {object} Config
 * @property {string} [name]
 * @property {string} [color]
 * @property {string} [greeting]
 * @property {string} [notice]
 * @property {string[]} [suggestions]
 * @property {string} [suggestions_locale]
 * @property {{form: boolean, email?: string, url?: string, when?: string | null}} [contact]
 * @property {{model?: string, local: boolean, retention_days?: number, policy_url?: string}} [privacy]
 * @property {string} [state] of the engine: `starting`, `ready`, `failed` …
 * @property {{message_chars: number}} [limits]
 */

/**
 * What the parts of one chat share.
 * @typedef {object} App
 * @property {import("../loader/tags.js").Options} options
 * @property {string} locale
 * @property {HTMLElement} host
 * @property {ShadowRoot} root
 * @property {HTMLButtonElement} bubble
 * @property {typeof import("../loader/lazy.js").load} load
 * @property {typeof import("../color.js").paint} paint
 * @property {import("./i18n.js").Say} say
 * @property {(words: Record<string, string>, group: number) => void} learn
 * @property {typeof markdown} markdown
 * @property {View} view
 * @property {Chat} chat
 * @property {import("./conversation/messages.js").Message[]} messages in the order they are shown
 * @property {AbortController} ends of what the chat listens to outside itself
 * @property {Promise<unknown>} [restored] what was said before is shown before what is said next
 * @property {() => Promise<any>} more the part with the menu and the forms
 * @property {() => Promise<any>} answers the part with what belongs to answers: their buttons, those of a person, how many are new
 * @property {() => boolean} [escape] closes what lies over the conversation
 * @property {ReturnType<typeof connect>} api
 * @property {ReturnType<typeof remember>} tab
 * @property {Config} config
 * @property {Promise<void>} configured the server has said it, or refused
 * @property {{page?: string} & Record<string, unknown>} [context] what the page told with `setContext`
 * @property {(type: string, detail?: object) => void} emit
 */

/**
 * The panel of one chat; the loader calls its methods.
 * @param {Pick<App, "options" | "locale" | "host" | "root" | "bubble" | "load" | "paint">} chat
 */
export function mount(chat) {
  const { options, host, root } = chat;
  const locale = (host.lang = choose(chat.locale));
  const tab = remember(options.site, options.storage);
  const app = /** @type {App} */ ({
    .../** @type {any} */ (chat),
    locale,
    tab,
    markdown,
    config: {},
    messages: [],
    ends: new AbortController(),
    api: connect(options.base, locale, tab),
  });
  app.emit = (type, detail) =>
    document.dispatchEvent(
      new CustomEvent(`chatbot:${type}`, {
        bubbles: true,
        detail: { site: options.site, ...detail },
      }),
    );
  app.more = part(app, "more", __MORE__);
  app.answers = part(app, "answers", __ANSWERS__);
  const sheet = new CSSStyleSheet();
  // In this order: looks.css says what differs on small screens and for those who ask for it.
  sheet.replaceSync(frameStyle + chatStyle + looksStyle);
  root.adoptedStyleSheets.push(sheet);
  for (const name of ["mode", "position"]) if (options[name]) host.dataset[name] = options[name];
  const colours = theme(app);

  const ready = speak(locale, options.base).then((speech) => {
    Object.assign(app, speech);
    const view = (app.view = frame(app));
    const chat = (app.chat = conversation(app));
    if (/chatbot-debug/.test(location.search)) app.more().then((more) => more.debug());
    const begin = () => {
      app.configured = configure(app, view, colours, begin);
      chat.resume(begin);
    };
    begin();
    app.emit("ready");
    if (options.mode || tab.open) view.open(false);
    return {
      ...view,
      ...chat,
      nudge: (/** @type {string} */ text) => app.more().then((more) => more.nudge(text)),
      setContext: (/** @type {App["context"]} */ context) => (app.context = context),
    };
  });

  return {
    /** @param {string} method @param {any[]} args */
    call: (method, ...args) => ready.then((/** @type {any} */ panel) => panel[method](...args)),
  };
}

/**
 * What the owner decided on the server; the tag's attributes come first.
 * @param {App} app
 * @param {View} view
 * @param {() => void} colours
 * @param {() => void} retry
 */
async function configure(app, view, colours, retry) {
  const { options } = app;
  try {
    app.config = await app.api.widget(options.site);
  } catch (error) {
    view.problem(/** @type {Error} */ (error), retry);
  }
  if (options.suggestions != null)
    Object.assign(app.config, {
      suggestions: options.suggestions.split("|"),
      suggestions_locale: null,
    });
  colours();
  view.configured();
}

/**
 * Light or dark, and the owner's colour made readable on it.
 * @param {App} app
 */
function theme(app) {
  const { options, host, paint, ends } = app;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const night = options.theme === "dark" || (options.theme !== "light" && dark.matches);
    host.dataset.theme = night ? "dark" : "light";
    const [accent, ink] = paint(options.color || app.config.color);
    host.style.setProperty("--a", accent);
    host.style.setProperty("--i", ink);
    host.style.setProperty("--link", readable(accent, night));
  };
  dark.addEventListener("change", apply, ends);
  apply();
  return apply;
}
