import { h } from "../panel/dom.js";
import { link } from "../panel/links.js";

/**
 * The hand-off to a human: name and e-mail are asked here and nowhere else.
 * @param {import("../panel/mount.js").App} app
 */
export function contact({ say, api, options, kept, config, context, chat }) {
  const { form, email, url } = config.contact;
  const links = [email && link(`mailto:${email}`, [email]), url && link(url, [url])].filter(Boolean).map((item) => h("p", {}, item));
  if (!form) return links;
  const asked = chat.messages().filter(({ role }) => role === "user");
  /** @param {import("../panel/i18n.js").Key} label @param {string} tag @param {any} more */
  const field = (label, tag, more) => [h("label", { htmlFor: label }, say(label)), h(tag, { id: label, name: label, required: true, ...more })];
  const problem = h("p", { role: "alert" });
  const box = h(
    "form",
    {
      className: "contact",
      async onsubmit(/** @type {Event} */ event) {
        event.preventDefault();
        const { yourname, mail, message } = Object.fromEntries(new FormData(box));
        try {
          await api.contact({ site: options.site, name: yourname, email: mail, message, ...(kept.conversation && { conversation: kept.conversation }) });
          // The button that had the focus goes: the focus goes on to what was said.
          const sent = h("p", { role: "status", tabIndex: -1 }, say("sent"));
          box.replaceChildren(sent);
          sent.focus();
        } catch (error) {
          problem.textContent = /** @type {Error} */ (error).message || say("away");
        }
      },
    },
    ...field("yourname", "input", { autocomplete: "name", maxLength: 100, value: context?.name || "" }),
    ...field("mail", "input", { type: "email", autocomplete: "email", maxLength: 200, value: context?.email || "" }),
    ...field("message", "textarea", { rows: 4, maxLength: 4000, value: asked.pop()?.text || "" }),
    h("p", { className: "note" }, say("only")),
    problem,
    h("button", { className: "chip main" }, say("send")),
  );
  return [box, ...links];
}
