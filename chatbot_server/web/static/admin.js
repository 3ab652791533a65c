// The owner's pages work without this: it saves typing, and asks before something is deleted.

// The one-time token of a link stands behind its "#", where no server and no log sees it.
const token = document.querySelector("#token");
if (token && location.hash.length > 1) {
  token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  document.querySelector("#name")?.focus();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}

document.addEventListener("submit", (event) => {
  const sentence = event.submitter?.dataset.sure ?? event.target.dataset.sure;
  if (sentence && !confirm(sentence)) event.preventDefault();
});

// One menu at a time, closed by Escape or a click elsewhere.
const menus = [...document.querySelectorAll("details.menu")];
const closeOthers = (kept) => {
  for (const menu of menus) if (menu !== kept) menu.open = false;
};
document.addEventListener("click", (event) => closeOthers(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && menus.find((one) => one.open);
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
