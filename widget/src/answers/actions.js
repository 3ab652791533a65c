import { follow } from "../panel/ui/log/scroll.js";
import { copyButton } from "./copy.js";
import { thumbs } from "./thumbs.js";

/**
 * Puts the buttons of an answer below it: copy, and two thumbs.
 * @param {import("../panel/mount.js").App} app
 * @param {import("../panel/conversation/messages.js").Message} message
 * @param {HTMLElement} row where they are put, after the words about the answer
 * @param {HTMLElement} place where the question is put why an answer does not help
 */
export const addActions = (app, message, row, place) =>
  follow(app.view.log, () =>
    row.firstElementChild?.after(...copyButton(app, message), ...thumbs(app, message, place)),
  );
