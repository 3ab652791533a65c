// The chat beside the page Appearance shows what is typed there, before anything is saved.
// Runs before the chat's own script, so that what it sets on the tag is read by that.

const WAIT = 400; // milliseconds after the last letter
const tag = document.querySelector("#preview");
const form = document.querySelector("#appearance");
const language = document.documentElement.lang;

/** What a field holds, or what is shown where it is empty. */
const text = (name) => {
  const field = form.elements[name];
  return field.value.trim() || field.placeholder || "";
};

/** The questions that are offered: topics of the pages, where none are typed, unless switched off. */
const suggestions = () => {
  const field = form.elements[`suggestions_${language}`];
  const topics = form.elements.topics.value === "on" ? field.placeholder : "";
  return (field.value.trim() || topics).split("\n").filter(Boolean).join("|");
};

const [dark, phone] = ["dark", "phone"].map((look) => document.querySelector(`#look-${look}`));
dark.checked = matchMedia("(prefers-color-scheme: dark)").matches;
const typed = () => ({
  color: text("color"),
  position: text("position"),
  name: text("name"),
  greeting: text(`greeting_${language}`),
  suggestions: suggestions(),
  theme: dark.checked ? "dark" : "light",
});

let frame; // the window of a phone, in which a page holds nothing but the chat
/** Show what is typed: in the corner of this page, or in the window of a phone, which it fills. */
const show = () => {
  const [place, shown] = frame ? [frame.contentWindow, frame.contentDocument.querySelector("#preview")] : [window, tag];
  if (!shown) return; // its page is not there yet
  Object.assign(shown.dataset, typed());
  place.Chatbot?.destroy?.();
  place.Chatbot?.refresh?.();
};
dark.addEventListener("change", show);
phone.addEventListener("change", () => {
  frame?.remove();
  frame = phone.checked ? document.createElement("iframe") : undefined;
  if (!frame) return show();
  window.Chatbot?.destroy?.();
  Object.assign(frame, { src: phone.dataset.page, title: phone.dataset.title, className: "phone" });
  frame.addEventListener("load", show);
  document.querySelector("#looks").after(frame);
});
document.querySelector("#looks").hidden = false;

let timer;
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const shown = frame?.contentDocument.querySelector("#preview") ?? tag;
    if (Object.entries(typed()).some(([name, value]) => (shown.dataset[name] ?? "") !== value)) show();
  }, WAIT);
});
tag.dataset.theme = typed().theme;
// Open where there is room for it beside the form; it takes no focus.
if (matchMedia("(min-width: 64rem)").matches) tag.dataset.open = "0.1";
// With an error, the form shows what was typed and not saved.
if (form.dataset.typed) Object.assign(tag.dataset, typed());
