import { examine } from "./examine.js";
import { texts } from "./texts.js";

/**
 * `?chatbot-debug` in a page's address: says in words what keeps the chat from working there,
 * in a box over the page and in the console. For the owner; visitors never load it.
 * @param {import("../panel/mount.js").App} app
 */
async function debug(app) {
  const say = texts(app.locale);
  const lines = await examine(app, say);
  const list = document.createElement("ul");
  for (const [good, text] of lines) {
    const item = document.createElement("li");
    item.textContent = `${good ? "✓" : "✗"} ${text}`;
    list.append(item);
    console[good ? "info" : "error"](`Chatbot: ${item.textContent}`);
  }
  const title = document.createElement("strong");
  title.textContent = say("title");
  const box = document.createElement("div");
  box.className = "debug";
  box.setAttribute("role", "status");
  box.append(title, list);
  const style = new CSSStyleSheet();
  style.replaceSync(
    ".debug{position:fixed;inset:16px auto auto 16px;max-width:min(560px,100vw - 32px);max-height:80vh;overflow:auto;padding:12px 16px;border-radius:12px;background:#10131a;color:#fff;font:14px/1.5 system-ui,sans-serif;box-shadow:0 4px 24px #0008}.debug ul{margin:8px 0 0;padding:0;list-style:none}",
  );
  app.root.adoptedStyleSheets = [...app.root.adoptedStyleSheets, style];
  app.root.append(box);
  app.emit("debug", { lines });
}

dispatchEvent(new CustomEvent("chatbot:debug", { detail: debug }));
