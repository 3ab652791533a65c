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

const typed = () => ({
  color: text("color"),
  position: text("position"),
  name: text("name"),
  greeting: text(`greeting_${language}`),
  suggestions: suggestions(),
});

let timer;
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const values = typed();
    if (Object.entries(values).every(([name, value]) => (tag.dataset[name] ?? "") === value)) return;
    Object.assign(tag.dataset, values);
    window.Chatbot?.destroy?.();
    window.Chatbot?.refresh?.();
  }, WAIT);
});
// Open where there is room for it beside the form; it takes no focus.
if (matchMedia("(min-width: 64rem)").matches) tag.dataset.open = "0.1";
// With an error, the form shows what was typed and not saved.
if (form.dataset.typed) Object.assign(tag.dataset, typed());
