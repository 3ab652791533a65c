import css from "./debug.css";
import { examine } from "./examine.js";
import { texts } from "./texts.js";

/** @type {(name: string, properties: object) => any} */
const element = (name, properties) => Object.assign(document.createElement(name), properties);

/** An empty box over the page, in a host of its own: that of a chat may wait for a banner. */
function open() {
  const host = element("chatbot-widget", { className: "debug" });
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(css);
  root.adoptedStyleSheets = [style];
  const box = element("div", { className: "debug", role: "status", hidden: true });
  root.append(box);
  document.body.append(host);
  return box;
}

/**
 * `?chatbot-debug` in a page's address: says in words what keeps the chat from working there,
 * in a box over the page and in the console. For the owner; visitors never load it.
 * @param {import("../panel/mount.js").App} app the first chat of the page that gets here speaks for all
 */
async function debug(app) {
  if (document.querySelector("chatbot-widget.debug")) return;
  const say = texts(app.locale);
  const box = open();
  const lines = await examine(app, say);
  const items = lines.map(([good, text]) =>
    element("li", { textContent: `${good ? "✓" : "✗"} ${text}` }),
  );
  for (const [good, text] of lines) console[good ? "info" : "error"](`Chatbot: ${text}`);
  const list = element("ul", {});
  list.append(...items);
  box.append(element("strong", { textContent: say("title") }), list);
  box.hidden = false;
  app.emit("debug", { lines });
}

dispatchEvent(new CustomEvent("chatbot:debug", { detail: debug }));
