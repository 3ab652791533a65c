import { iconButton } from "../panel/html/dom.js";
import { COPY } from "../panel/html/icons.js";

/**
 * A button that copies an answer.
 * @param {import("../panel/mount.js").App} app
 * @param {import("../panel/conversation/messages.js").Message} message
 * @returns {HTMLElement[]} none where a page may not write to the clipboard
 */
export function copyButton({ say, view }, { bubble }) {
  if (!navigator.clipboard) return [];
  const button = iconButton(say("copy"), COPY, async () => {
    try {
      await copy(/** @type {HTMLElement} */ (bubble?.text));
      view.announce((button.ariaLabel = button.title = say("copied")));
      button.textContent = "✓";
    } catch {
      // Not allowed: the button goes on saying what it would do.
    }
  });
  return [button];
}

/**
 * The words as they are seen; whatever takes them gets headings, lists and links, too.
 * @param {HTMLElement} answer
 */
function copy(answer) {
  const text = textOf(answer);
  if (!window.ClipboardItem) return navigator.clipboard.writeText(text);
  const html = new XMLSerializer().serializeToString(answer);
  return navigator.clipboard.write([
    new ClipboardItem({ "text/plain": blob(text, "plain"), "text/html": blob(html, "html") }),
  ]);
}

/** @param {string} text @param {string} kind */
const blob = (text, kind) => new Blob([text], { type: `text/${kind}` });

/** @param {HTMLElement} answer @returns {string} its words, with the marks of lists that browsers leave out */
function textOf(answer) {
  const marks = [...answer.querySelectorAll("li")].map((item) => {
    const list = /** @type {HTMLOListElement} */ (item.parentElement);
    const number = list.start + [...list.children].indexOf(item);
    const mark = new Text(number ? `${number}. ` : "- ");
    item.prepend(mark);
    return mark;
  });
  const text = answer.innerText;
  for (const mark of marks) mark.remove();
  return text.replace(/\xa0/g, " ").trim();
}
