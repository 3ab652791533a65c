// "Test my site": opens a page of the owner's with the widget's own diagnosis (docs/widget.md).
const form = document.querySelector("#test");
const field = form.querySelector("input");

/** The address that was typed, perhaps without its scheme; null if no page can have it. */
const addressOf = (typed) => {
  try {
    const url = new URL(/^https?:\/\//i.test(typed) ? typed : `https://${typed}`);
    return /[.:]|^localhost$/.test(url.hostname) ? url : null;
  } catch {
    return null;
  }
};

field.addEventListener("input", () => field.setCustomValidity(""));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const url = addressOf(field.value.trim());
  if (url) {
    url.searchParams.set("chatbot-debug", "");
    window.open(url, "_blank", "noopener");
  } else {
    field.setCustomValidity(form.dataset.wrong);
    form.reportValidity();
  }
});
form.hidden = false; // without scripts there is nothing to press
