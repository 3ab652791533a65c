import { more as english } from "../locales/en.json";
import { h } from "../panel/html/dom.js";
import { part } from "../panel/lazy.js";
import { follow } from "../panel/ui/log/scroll.js";
import { contact } from "./contact.js";
import { menu } from "./menu.js";
import css from "./more.css";
import { nudge } from "./nudge.js";
import { sheets } from "./sheet.js";
import { where } from "./where.js";
import { why } from "./why.js";

/** @param {import("../panel/mount.js").App} app */
function more(app) {
  app.learn(english, 1);
  const style = new CSSStyleSheet();
  style.replaceSync(css);
  app.root.adoptedStyleSheets = [...app.root.adoptedStyleSheets, style];
  const sheet = sheets(app);
  /** Nothing is told of a configuration that is still on its way. */
  const showWhere = async () => {
    await app.configured;
    sheet.open(app.say("where"), ...where(app));
  };
  const ways = contact(app);
  const human = () => sheet.open(app.say("human"), ...ways());
  const list = menu(app, sheet, { where: showWhere, human });
  app.escape = () => list.close() || sheet.close();
  return {
    menu: () => list.toggle(),
    debug: part(app, "debug", __DEBUG__),
    where: showWhere,
    /** Offers a person of the site below the last answer, which may be out of sight. @param {HTMLElement} end */
    human(end) {
      if (app.messages.at(-1)?.person)
        follow(app.view.log, () =>
          end.append(h("button.chip", { onclick: human }, app.say("human"))),
        );
    },
    /** @param {import("../panel/conversation/messages.js").Message} message @param {HTMLElement} place */
    why(message, place) {
      const form = why(app, message);
      place.append(form);
      form.scrollIntoView({ block: "nearest" });
    },
    /** @param {string} text */
    nudge: (text) => nudge(app, text),
  };
}

dispatchEvent(new CustomEvent("chatbot:more", { detail: more }));
