import { h } from "../panel/html/dom.js";
import { showRefusal } from "./refusal.js";

const REASONS = /** @type {const} */ (["wrong", "incomplete", "unclear", "other"]);

/**
 * What was wrong with an answer, after the thumb that points down.
 * @param {import("../panel/mount.js").App} app
 * @param {import("../panel/conversation/messages.js").Message} message
 */
export function why(app, message) {
  const { say, api } = app;
  const id = `why-${message.id}`;
  const problem = h("p.error", { role: "alert", id: `problem-${message.id}`, hidden: true });
  let busy = false;
  const comment = h("textarea", { rows: 2, id });
  const form = h(
    "form.why",
    {
      async onsubmit(/** @type {Event} */ event) {
        event.preventDefault();
        if (busy) return;
        busy = true;
        try {
          await api.feedback({
            message: message.id,
            value: "down",
            reason: new FormData(form).get("reason"),
            comment: comment.value,
          });
          const thanks = h("p", { role: "status", tabIndex: -1 }, say("thanks"));
          form.replaceChildren(thanks);
          thanks.focus();
        } catch (error) {
          busy = false;
          showRefusal(app, problem, /** @type {any} */ (error), { comment });
        }
      },
    },
    h(
      "fieldset",
      {},
      h("legend", {}, say("why")),
      ...REASONS.map((reason) =>
        h("label", {}, h("input", { type: "radio", name: "reason", value: reason }), say(reason)),
      ),
    ),
    h("label", { htmlFor: id }, say("comment")),
    comment,
    problem,
    h("button.chip main", {}, say("send")),
  );
  return form;
}
