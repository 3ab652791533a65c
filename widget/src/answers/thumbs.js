import { iconButton } from "../panel/html/dom.js";
import { UP } from "../panel/html/icons.js";

/**
 * Two thumbs; the one that points down asks why.
 * @param {import("../panel/mount.js").App} app
 * @param {import("../panel/conversation/messages.js").Message} message
 * @param {HTMLElement} place where the question why is put
 * @returns {HTMLElement[]}
 */
export function thumbs({ say, api, more }, message, place) {
  if (!message.id) return [];
  let value = message.feedback || undefined;
  /** @param {"up" | "down"} mine @param {string} [style] */
  const thumb = (mine, style) =>
    iconButton(say(mine), UP, () => choose(mine), { ariaPressed: String(value === mine), style });
  const pair = { up: thumb("up"), down: thumb("down", "scale:1 -1") };
  /** @param {"up" | "down"} mine */
  const choose = (mine) => {
    value = value === mine ? undefined : mine;
    for (const [name, button] of Object.entries(pair)) button.ariaPressed = String(value === name);
    place.querySelector(".why")?.remove();
    if (value === "down") more().then((part) => value === "down" && part.why(message, place));
    api.feedback({ message: message.id, value: value || null }).catch(() => {});
  };
  return [pair.up, pair.down];
}
