// The owner's pages work without this: it saves typing, and asks before something is deleted.

// The one-time token of a link stands behind its "#", where no server and no log sees it.
const token = document.querySelector("#token");
if (token && location.hash.length > 1) {
  token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  // The other way through the set-up needs it, too.
  for (const link of document.querySelectorAll("a[data-with-token]")) link.hash = token.value;
  document.querySelector("#name")?.focus();
}

// On a phone the menu is longer than the screen.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Only here are both clocks known, the server's and this device's.
const clock = document.querySelector("[data-now]");
if (clock) clock.hidden = Math.abs(Date.now() / 1000 - Number(clock.dataset.now)) < 120;

// A file for which there is no room is not sent in vain.
for (const input of document.querySelectorAll("input[data-most]")) {
  input.addEventListener("change", () => {
    const isLarger = (input.files[0]?.size ?? 0) > Number(input.dataset.most);
    input.setCustomValidity(isLarger ? input.dataset.larger : "");
    input.reportValidity();
  });
}

document.addEventListener("submit", (event) => {
  const sentence = event.submitter?.dataset.sure ?? event.target.dataset.sure;
  if (sentence && !confirm(sentence)) event.preventDefault();
});

// What takes more than a moment says so, and is not sent twice.
document.addEventListener("submit", (event) => {
  const { target: form } = event;
  if (form.ariaBusy) return event.preventDefault();
  if (event.defaultPrevented || !form.dataset.slow) return;
  form.ariaBusy = "true";
  const note = document.createElement("p");
  note.setAttribute("role", "status");
  const words = document.createElement("span");
  words.textContent = form.dataset.slow;
  const bar = document.createElement("progress");
  bar.ariaLabel = form.dataset.slow;
  note.append(words, bar);
  form.append(note);
});
// The browser's button “back” shows the page as it was left.
addEventListener("pageshow", (event) => event.persisted && location.reload());

// What goes on in the background: its figures are looked at again every three seconds.
const live = [...document.querySelectorAll("[data-live=open]")];
const lookAgain = () => {
  const request = new XMLHttpRequest();
  request.responseType = "document";
  request.open("GET", location.href);
  request.addEventListener("load", () => {
    let isOpen = false;
    for (const element of live) {
      const newer = request.response?.getElementById(element.id);
      // "gone": not when it is done, for the reader may be choosing, but when it cannot be.
      const { reload } = element.dataset;
      if (reload === "gone" ? !newer : reload && newer?.dataset.live !== "open") location.reload();
      isOpen ||= newer?.dataset.live === "open";
      if (!newer) continue;
      if (element.dataset.grow) {
        for (const child of newer.children) {
          const old = document.getElementById(child.id);
          if (!old) element.append(document.importNode(child, true));
          // What a page is called is known when it is read; its box may be ticked by then.
          else old.querySelector(".name")?.replaceChildren(...document.importNode(child.querySelector(".name"), true).childNodes);
        }
        continue;
      }
      if (element.localName === "progress") [element.max, element.value] = [newer.max, newer.value];
      else if (element.textContent !== newer.textContent) {
        element.replaceChildren(...document.importNode(newer, true).childNodes);
      }
    }
    if (isOpen) setTimeout(lookAgain, 3000);
  });
  request.send();
};
if (live.length) setTimeout(lookAgain, 3000);

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
