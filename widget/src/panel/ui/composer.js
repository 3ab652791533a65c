import { h, icon } from "../html/dom.js";
import { SEND, STOP } from "../html/icons.js";

/**
 * Where the visitor writes. The field is never disabled: that would throw the focus away.
 * @param {import("../mount.js").App} app
 */
export function composer(app) {
  const { say, options, tab } = app;
  let busy = false;
  /** Characters that a question may have. */
  let most = Infinity;
  const field = h("textarea::input", {
    id: "question",
    ariaLabel: say("ask"),
    rows: 1,
    placeholder: options.placeholder || say("ask"),
    enterKeyHint: "send",
    autocomplete: "off",
    oninput() {
      grow();
      check();
      tab.save({ draft: field.value });
    },
    onkeydown(/** @type {KeyboardEvent} */ event) {
      // Nothing to move about in: the keys turn the pages of the conversation.
      if (!field.value && /^Page/.test(event.key)) {
        const { log } = app.view;
        log.scrollBy(0, log.clientHeight * (event.key === "PageUp" ? -0.9 : 0.9));
      }
      // 229: Safari sends the Enter that ends a composition after the composition.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229)
        return;
      event.preventDefault();
      if (!busy) submit();
    },
  });
  const button = h("button::send");
  const element = h(
    "form::composer",
    {
      onsubmit(/** @type {Event} */ event) {
        event.preventDefault();
        if (busy) app.chat.stop();
        else submit();
      },
    },
    field,
    button,
  );
  const note = h("p.over", { role: "alert" });
  /** A text that is too long is kept, and is not sent. */
  const check = () => {
    const over = [...field.value.trim()].length - most;
    note.textContent = over > 0 ? say("over", over) : "";
    return over <= 0;
  };
  /** A picture would be lost without a word, or shown in place of the page. @param {any} event */
  const refuseFiles = (event) => {
    const { types } = event.clipboardData || event.dataTransfer;
    // A copied table is a picture, too: its text is taken.
    if (!/Files/.test(types) || /plain/.test(types)) return;
    event.preventDefault();
    note.textContent = say("files");
  };
  for (const type of ["paste", "dragover", "drop"]) app.root.addEventListener(type, refuseFiles);
  const submit = () => check() && app.chat.send(field.value);
  const grow = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  const draw = () => {
    button.ariaLabel = say(busy ? "stop" : "send");
    button.replaceChildren(icon(busy ? STOP : SEND));
  };
  draw();
  return {
    elements: [note, element],
    grow,
    focus: () => field.focus({ preventScroll: true }),
    /** @param {boolean} now */
    busy(now) {
      busy = now;
      draw();
    },
    /** @param {string} text */
    draft(text) {
      field.value = text;
      grow();
      check();
    },
    typed: () => field.value,
    /** @param {number} characters */
    limit: (characters) => ((most = characters), check()),
  };
}
