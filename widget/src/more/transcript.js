import css from "./paper.css";

/** @typedef {{role: string, name?: string, text: string, sources?: {title: string, url: string}[]}} Message */

/**
 * Address of a page for paper and files: where to look on it is for browsers, and of hundreds of signs.
 * @param {string} url
 */
export const pageAddress = (url) => url.replace(/#?:~:.*/, "");

/** Markdown's signs for bold text, headings and telephone numbers, which are none of a plain text. @param {string} text */
const withoutMarks = (text) =>
  text.replace(/\*\*|^#+ /gm, "").replace(/\[([^\]]*)\]\(tel:\d*\)/g, "$1");

/**
 * The chat as text to keep, made in the browser.
 * @param {Message[]} messages
 * @param {(message: Message) => string} name
 * @param {boolean} md Markdown, else plain text
 */
export const transcript = (messages, name, md) =>
  messages
    .map((message) => {
      const { text, sources = [] } = message;
      const links = sources.map(({ title, url }) =>
        md ? `- [${title}](${pageAddress(url)})` : `- ${title} – ${pageAddress(url)}`,
      );
      return [
        md ? `**${name(message)}**\n` : name(message),
        md || message.role === "user" ? text : withoutMarks(text),
        ...(links.length ? ["", ...links] : []),
      ].join("\n");
    })
    .join(md ? "\n\n---\n\n" : "\n\n");

/** @param {string} name @param {string} text */
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/**
 * Prints in a frame of its own, so that the page around is left alone.
 * @param {ShadowRoot} root
 * @param {{title: string, lang: string, dir: string}} head
 * @param {Node[]} nodes
 */
export function print(root, head, nodes) {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  root.append(frame);
  const page = /** @type {Window} */ (frame.contentWindow);
  page.document.title = head.title;
  Object.assign(page.document.documentElement, { lang: head.lang, dir: head.dir });
  // A sheet can only be adopted by the document whose window made it.
  const style = new /** @type {any} */ (page).CSSStyleSheet();
  style.replaceSync(css);
  page.document.adoptedStyleSheets = [style];
  page.document.body.append(...nodes);
  page.addEventListener("afterprint", () => frame.remove());
  // In a task of its own: print() holds the page until the dialogue is closed.
  setTimeout(() => {
    page.focus();
    page.print();
  });
}
