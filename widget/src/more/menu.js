import { h } from "../panel/html/dom.js";
import { erase } from "./erase.js";
import { download, pageAddress, print, transcript } from "./transcript.js";

/**
 * Everything that is not asking a question.
 * @param {import("../panel/mount.js").App} app
 * @param {ReturnType<typeof import("./sheet.js").sheets>} sheet
 * @param {{where(): void, human(): void}} pages
 */
export function menu(app, sheet, pages) {
  const { say, root, view, chat, messages } = app;
  /** @type {HTMLElement} */
  const button = view.panel.querySelector("[aria-controls=menu]");
  const name = (/** @type {{role: string, name?: string}} */ { role, name }) =>
    name || say(role === "user" ? "you" : "name");
  const text = (/** @type {boolean} */ md) =>
    transcript(messages, md ? name : (message) => say("said", name(message)).trim(), md);
  const said = (/** @type {import("../panel/conversation/messages.js").Message} */ message) => {
    const { role, text, sources = [] } = message;
    return [
      h("h2", {}, name(message)),
      h(
        "div",
        { dir: "auto", className: role === "user" ? "question" : "" },
        ...(role === "user" ? [text] : app.markdown(text)),
      ),
      sources.length > 0 &&
        h(
          "ul",
          {},
          ...sources.map(({ title, url }) => h("li", {}, `${title} – ${pageAddress(url)}`)),
        ),
    ];
  };
  const paper = () => {
    const title = view.panel.querySelector("h2").textContent;
    print(root, { title, lang: app.locale, dir: view.panel.dir }, [
      h("h1", {}, title),
      ...messages.flatMap(said).filter((node) => !!node),
    ]);
  };

  /** @type {[import("../panel/i18n.js").Key, () => void][]} */
  const entries = [
    ["new", () => (sheet.close(), chat.reset())],
    ["human", pages.human],
    ["text", () => download("chat.txt", text(false))],
    ["md", () => download("chat.md", text(true))],
    ["print", paper],
    ["where", pages.where],
    ["erase", () => erase(app, sheet)],
  ];
  const element = h("ul::menu", { id: "menu", hidden: true });
  view.panel.insertBefore(element, view.panel.children[1]);

  const draw = () => {
    const { form, email, url } = app.config.contact || {};
    const some = messages.length;
    const wanted = entries.filter(([key]) =>
      key === "human" ? form || email || url : some || !["text", "md", "print"].includes(key),
    );
    element.replaceChildren(
      ...wanted.map(([key, act]) =>
        h(
          "li",
          {},
          h("button", { part: key, onclick: () => (show(false), button.focus(), act()) }, say(key)),
        ),
      ),
    );
  };
  const show = (/** @type {boolean} */ on) => {
    if (on) draw();
    element.style.top = `${view.panel.firstChild.offsetHeight - 4}px`;
    element.hidden = !on;
    button.ariaExpanded = String(on);
    if (on) element.querySelector("button").focus();
  };
  root.addEventListener("pointerdown", (event) => {
    if (
      !element.hidden &&
      !event.composedPath().some((node) => node === element || node === button)
    )
      show(false);
  });
  element.addEventListener("focusout", (/** @type {FocusEvent} */ event) => {
    if (
      event.relatedTarget &&
      event.relatedTarget !== button &&
      !element.contains(event.relatedTarget)
    )
      show(false);
  });
  return {
    toggle: () => show(element.hidden),
    /** @returns {boolean} whether it was open */
    close() {
      if (element.hidden) return false;
      show(false);
      button.focus();
      return true;
    },
  };
}
