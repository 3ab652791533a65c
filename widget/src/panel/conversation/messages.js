/**
 * One message as it is shown.
 * @typedef {object} Message
 * @property {"user" | "assistant"} role
 * @property {string} [name] of the person of the site who wrote it
 * @property {string} text
 * @property {string} [id]
 * @property {boolean} [running]
 * @property {{position: number, seconds?: number}} [queue]
 * @property {string} [origin]
 * @property {string} [finish]
 * @property {string} [status] the kind of answer, docs/http-api.md
 * @property {{title: string, url: string, quote?: string}[]} [sources]
 * @property {string[]} [suggestions]
 * @property {boolean} [person] the answer offers a person of the site
 * @property {string} [error] a sentence
 * @property {boolean} [retry]
 * @property {"up" | "down" | null} [feedback] the thumb it has
 * @property {ReturnType<typeof import("../ui/log/message.js").bubbleOf>} [bubble] where it is shown
 */

/**
 * Shows one more.
 * @param {import("../mount.js").App} app
 * @param {Message} message
 */
export const add = ({ messages, view, answers }, message) => {
  messages.push(message);
  view.show(message);
  answers().catch(() => {});
  return message;
};

/**
 * Takes the last ones away.
 * @param {import("../mount.js").App} app
 * @param {number} count
 */
export const remove = ({ messages, view }, count) => messages.splice(-count).forEach(view.remove);
