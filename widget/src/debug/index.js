import { examine } from "./examine.js";
import { texts } from "./texts.js";

const STYLE =
  ":host{all:initial!important;position:fixed!important;z-index:2147483647!important;inset:16px auto auto 16px!important}.debug{max-width:min(560px,100vw - 32px);box-sizing:border-box;max-height:80vh;overflow:auto;padding:12px 16px;border-radius:12px;background:#10131a;color:#fff;font:14px/1.5 system-ui,sans-serif;box-shadow:0 4px 24px #0008;overflow-wrap:anywhere}@media print{.debug{display:none}}ul{margin:8px 0 0;padding:0;list-style:none}li+li{margin-top:6px}li{padding-inline-start:20px;text-indent:-20px}";

/** @type {(name: string, properties: object) => any} */
const element = (name, properties) => Object.assign(document.createElement(name), properties);

/** An empty box over the page, in a host of its own: that of a chat may wait for a banner. */
function open() {
  const host = element("chatbot-widget", { className: "debug" });
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
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
  const items = lines.map(([good, text]) => element("li", { textContent: `${good ? "✓" : "✗"} ${text}` }));
  for (const [good, text] of lines) console[good ? "info" : "error"](`Chatbot: ${text}`);
  const list = element("ul", {});
  list.append(...items);
  box.append(element("strong", { textContent: say("title") }), list);
  box.hidden = false;
  app.emit("debug", { lines });
}

dispatchEvent(new CustomEvent("chatbot:debug", { detail: debug }));
