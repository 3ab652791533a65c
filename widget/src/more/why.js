import { h } from "../panel/dom.js";

const REASONS = /** @type {const} */ (["wrong", "incomplete", "unclear", "other"]);

/**
 * What was wrong with an answer, after the thumb that points down.
 * @param {import("../panel/mount.js").App} app
 * @param {import("../panel/conversation.js").Message} message
 */
export function why({ say, api }, message) {
  const id = `why-${message.id}`;
  const comment = h("textarea", { rows: 2, maxLength: 1000, id });
  const form = h(
    "form",
    {
      className: "why",
      onsubmit(/** @type {Event} */ event) {
        event.preventDefault();
        const reason = new FormData(form).get("reason");
        api.feedback({ message: message.id, value: "down", reason, comment: comment.value }).catch(() => {});
        const thanks = h("p", { role: "status", tabIndex: -1 }, say("thanks"));
        form.replaceChildren(thanks);
        thanks.focus();
      },
    },
    h("fieldset", {}, h("legend", {}, say("why")), ...REASONS.map((reason) => h("label", {}, h("input", { type: "radio", name: "reason", value: reason }), say(reason)))),
    h("label", { htmlFor: id }, say("comment")),
    comment,
    h("button", { className: "chip main" }, say("send")),
  );
  return form;
}
