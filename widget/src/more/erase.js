import { h } from "../panel/html/dom.js";

/**
 * "Delete my chat": asks, says what stays, erases on the server, and says what was erased.
 * @param {import("../panel/mount.js").App} app
 * @param {ReturnType<typeof import("./sheet.js").sheets>} sheet
 */
export function erase({ say, tab, chat, config }, sheet) {
  const done = async () => {
    try {
      const messages = tab.conversation ? await chat.erase() : 0;
      sheet.open(say("erase"), h("p", { role: "status" }, say("erased", messages)));
    } catch (error) {
      sheet.open(
        say("erase"),
        h("p", { role: "alert" }, /** @type {Error} */ (error).message || say("away")),
      );
    }
  };
  const yes = h("button.chip danger", { onclick: done }, say("erase"));
  const no = h("button.chip", { onclick: sheet.close }, say("cancel"));
  const kept = config.contact?.form && h("p.note", {}, say("kept", say("human")));
  sheet.open(say("erase"), h("p", {}, say("sure")), kept, h("p.row", {}, yes, no));
}
