import { answers as english } from "../locales/en.json";
import { addActions } from "./actions.js";
import css from "./answers.css";
import { badge } from "./badge.js";
import { person } from "./person.js";

/**
 * What a chat needs once a question was asked, and can do without until then.
 * @param {import("../panel/mount.js").App} app
 */
function answers(app) {
  app.learn(english, 2);
  const style = new CSSStyleSheet();
  style.replaceSync(css);
  app.root.adoptedStyleSheets.push(style);
  person(app);
  badge(app);
  return {
    /** @param {[message: any, row: HTMLElement, place: HTMLElement]} answer */
    actions: (...answer) => addActions(app, ...answer),
  };
}

dispatchEvent(new CustomEvent("chatbot:answers", { detail: answers }));
