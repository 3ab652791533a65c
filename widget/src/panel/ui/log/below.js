import { h } from "../../html/dom.js";
import { link, safeUrl } from "../../html/links.js";
import { markdown } from "../../html/markdown.js";

/** @typedef {import("../../conversation/messages.js").Message} Message */

/**
 * What stands below an answer that is awaited or waits in the queue.
 * @param {import("../../mount.js").App} app
 * @param {Message} message
 */
export function waiting({ say }, { text, queue }) {
  if (text && !queue) return "";
  const { position = 0, seconds = 0 } = queue || {};
  const about =
    seconds > 90 ? say("minutes", Math.ceil(seconds / 60)) : say("about", Math.ceil(seconds));
  const place = queue ? say("queue", position) + (seconds ? ` (${about})` : "") : say("wait");
  return h(
    "p.wait",
    {},
    h("i", {}),
    h("i", {}),
    h("i", {}),
    h("span", { className: queue ? "" : "unseen" }, place),
  );
}

/**
 * What stands below an answer that is whole, or that failed.
 * @param {import("../../mount.js").App} app
 * @param {Message} message
 * @param {HTMLElement} place it stands there
 * @returns {HTMLElement[]}
 */
export function ending(app, message, place) {
  const { say } = app;
  const { error, retry, finish, sources, origin, status } = message;
  const end =
    finish === "stopped" ? "stopped" : /length|time/.test(/** @type {any} */ (finish)) && "long";
  const again =
    // Only a model may answer the same question in another way.
    (error ? retry : origin === "model" || status === "withheld" || finish === "stopped") &&
    h(
      "button",
      { className: error ? "chip" : "small", onclick: () => app.chat.retry() },
      say("retry"),
    );
  const actions =
    !error &&
    origin !== "person" &&
    h("div::actions", {}, h("span.note", {}, originOf(say, origin)), again);
  // “You are welcome” is no answer that could be judged or copied.
  if (actions && status !== "courtesy")
    app.answers().then(
      (part) => part.actions(message, actions, place),
      () => {},
    );
  return [
    error && failure(error, again),
    end && h("p.note", {}, say(end)),
    sources?.length && sourceList(say, sources, origin),
    actions,
  ].filter(Boolean);
}

/** @param {string} text @param {HTMLElement | false | undefined} again a button */
export const failure = (text, again) => h("div::error", {}, h("p", { dir: "auto" }, text), again);

/** @param {import("../../i18n.js").Say} say @param {string} [origin] */
const originOf = (say, origin) =>
  /^(faq|pages|model)$/.test(/** @type {any} */ (origin)) ? say(/** @type {any} */ (origin)) : "";

/**
 * @param {import("../../i18n.js").Say} say
 * @param {{title: string, url: string, quote?: string}[]} sources
 * @param {string} [origin]
 */
function sourceList(say, sources, origin) {
  const items = sources.map(({ title, url, quote }) => {
    const to = safeUrl(url);
    return h(
      "li",
      {},
      link(to || url, [title || url]),
      to && to.host !== location.host && h("small", {}, ` ${to.host}`),
      // Quoted answers are these words.
      origin !== "pages" &&
        quote &&
        h(
          "details",
          {},
          h("summary", {}, say("quote")),
          h("blockquote", { dir: "auto" }, ...markdown(quote)),
        ),
    );
  });
  return h(
    "div::sources",
    {},
    // Pages offered with a no are no sources of it; its text says what they are.
    origin !== "none" && h("strong", {}, say("sources")),
    h("ol", {}, ...items),
  );
}
