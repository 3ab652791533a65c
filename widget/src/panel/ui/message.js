import { h, iconButton, patch } from "../html/dom.js";
import { COPY } from "../html/icons.js";
import { link, safeUrl } from "../html/links.js";
import { markdown, withHardBlanks } from "../html/markdown.js";
import { feedback } from "./feedback.js";

/**
 * One message of the list.
 * @param {import("../mount.js").App} app
 * @param {import("../conversation/messages.js").Message} message
 */
export function bubbleOf(app, message) {
  const { say } = app;
  const mine = message.role === "user";
  const text = h("div.text", { part: mine ? "question" : "answer", dir: "auto" });
  const below = h("div.below", {});
  const element = h(
    "li",
    { className: message.role },
    h(
      "span",
      { className: message.name ? "note" : "unseen" },
      say("said", message.name || say(mine ? "you" : "name")),
    ),
    text,
    below,
  );
  let finished = false;

  const draw = () => {
    if (mine) text.textContent = withHardBlanks(message.text);
    else patch(text, markdown(message.text));
    text.hidden = !message.text;
    if (mine || finished) return;
    finished = !message.running;
    below.replaceChildren(...(finished ? ending() : [waiting()]));
  };

  const about = (/** @type {number} */ seconds) =>
    seconds > 90 ? say("minutes", Math.ceil(seconds / 60)) : say("about", Math.ceil(seconds));
  const waiting = () => {
    const { queue } = message;
    if (message.text && !queue) return "";
    const place = queue
      ? say("queue", queue.position) + (queue.seconds ? ` (${about(queue.seconds)})` : "")
      : say("wait");
    return h(
      "p.wait",
      {},
      h("i", {}),
      h("i", {}),
      h("i", {}),
      h("span", { className: queue ? "" : "unseen" }, place),
    );
  };

  const ending = () => {
    const { error, retry, finish, sources, origin, status } = message;
    const note =
      finish === "stopped"
        ? say("stopped")
        : /length|time/.test(/** @type {any} */ (finish))
          ? say("long")
          : "";
    const again =
      // Only a model may answer the same question in another way.
      (error ? retry : origin === "model" || status === "withheld" || finish === "stopped") &&
      h(
        "button",
        { className: error ? "chip" : "small", onclick: () => app.chat.retry() },
        say("retry"),
      );
    return [
      error && failure(error, again),
      note && h("p.note", {}, note),
      sources?.length && sourceList(say, sources, origin),
      !error &&
        origin !== "person" &&
        h(
          "div.actions",
          { part: "actions" },
          h("span.note", {}, originOf(say, origin)),
          // “You are welcome” is no answer that could be judged or copied.
          ...(status === "courtesy"
            ? []
            : [copyButton(app, message), ...feedback(app, message, below)]),
          again,
        ),
    ].filter(Boolean);
  };

  return { element, draw, spoken: () => text.innerText };
}

/** @param {string} text @param {HTMLElement | false | undefined} again a button */
export const failure = (text, again) =>
  h("div.error", { part: "error" }, h("p", { dir: "auto" }, text), again);

/** @param {import("../i18n.js").Say} say @param {string} [origin] */
const originOf = (say, origin) =>
  /^(faq|pages|model)$/.test(/** @type {any} */ (origin)) ? say(/** @type {any} */ (origin)) : "";

/**
 * @param {import("../i18n.js").Say} say
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
      quote &&
        h("details", {}, h("summary", {}, say("quote")), h("blockquote", { dir: "auto" }, quote)),
    );
  });
  return h(
    "div.sources",
    { part: "sources" },
    // Pages offered with a no are no sources of it; its text says what they are.
    origin !== "none" && h("strong", {}, say("sources")),
    h("ol", {}, ...items),
  );
}

/** @param {import("../mount.js").App} app @param {import("../conversation/messages.js").Message} message */
function copyButton({ say, view }, message) {
  if (!navigator.clipboard) return;
  const button = iconButton(say("copy"), COPY, async () => {
    try {
      await navigator.clipboard.writeText(message.text);
      view.announce((button.ariaLabel = button.title = say("copied")));
      button.textContent = "✓";
    } catch {
      // Not allowed: the button goes on saying what it would do.
    }
  });
  return button;
}
