import { isGone } from "../panel/server/api.js";
import { h } from "../panel/html/dom.js";
import { link } from "../panel/html/links.js";
import { showRefusal } from "./refusal.js";

/**
 * The hand-off to a human: name and e-mail are asked here and nowhere else.
 * @param {import("../panel/mount.js").App} app
 * @returns {() => Node[]} what the sheet shows; what was typed and not sent is there again
 */
export function contact(app) {
  /** @type {Record<string, string>} */
  const typed = {};
  return () => {
    const { form, email, url, when } = app.config.contact || { form: true };
    const links = [email && link(`mailto:${email}`, [email]), url && link(url, [url])]
      .filter(Boolean)
      .map((item) => h("p", {}, item));
    const note = when && h("p.note", {}, when);
    return [note, form && contactForm(app, typed), ...links].filter(Boolean);
  };
}

/** @param {import("../panel/mount.js").App} app @param {Record<string, string>} typed */
function contactForm(app, typed) {
  const { say, api, options, tab, context, messages } = app;
  const question = messages.findLast(({ role }) => role === "user");
  let busy = false;
  const problem = h("p.error", { role: "alert", id: "problem", hidden: true });
  /** @param {import("../panel/i18n.js").Key} name @param {string} tag @param {any} more */
  const field = (name, tag, more) => {
    const input = h(tag, {
      id: name,
      name,
      required: true,
      ...more,
      value: typed[name] ?? more.value,
      oninput: () => (typed[name] = input.value),
    });
    return [h("label", { htmlFor: name }, say(name)), input];
  };
  const [nameLabel, name] = field("yourname", "input", {
    autocomplete: "name",
    maxLength: 100,
    value: context?.name || "",
  });
  const [mailLabel, email] = field("mail", "input", {
    type: "email",
    autocomplete: "email",
    maxLength: 200,
    value: context?.email || "",
  });
  const [messageLabel, message] = field("message", "textarea", {
    rows: 4,
    value: question?.text || "",
  });
  const form = h(
    "form.contact",
    { onsubmit },
    nameLabel,
    name,
    mailLabel,
    email,
    messageLabel,
    message,
    h("p.note", {}, say("only")),
    problem,
    h("button.chip main", {}, say("send")),
  );
  return form;

  /** @param {Event} event */
  async function onsubmit(event) {
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      const { when } = await api.contact({
        site: options.site,
        name: name.value,
        email: email.value,
        message: message.value,
        ...(tab.conversation && { conversation: tab.conversation }),
      });
      for (const name of Object.keys(typed)) Reflect.deleteProperty(typed, name);
      // The button that had the focus goes: the focus goes on to what was said.
      const sent = h(
        "p",
        { role: "status", tabIndex: -1 },
        [say("sent"), when].filter(Boolean).join(" "),
      );
      form.replaceChildren(sent);
      sent.focus();
    } catch (error) {
      if (tab.conversation && isGone(error)) {
        // Erased or expired since: the message goes without it.
        tab.clear();
        busy = false;
        return onsubmit(event);
      }
      busy = false;
      showRefusal(app, problem, /** @type {any} */ (error), { name, email, message });
    }
  }
}
