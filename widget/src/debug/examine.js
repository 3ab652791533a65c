import { insecure, sites, tags } from "./tags.js";

/** @typedef {[boolean, string]} Line whether it is good, and a sentence */
/** @typedef {ReturnType<typeof import("./texts.js").texts>} Say */

/**
 * Everything about the page that can keep a chat from working on it, whichever chat asks.
 * @param {import("../panel/mount.js").App} app
 * @param {Say} say
 * @returns {Promise<Line[]>}
 */
export async function examine(app, say) {
  /** @type {SecurityPolicyViolationEvent[]} */
  const violations = [];
  document.addEventListener("securitypolicyviolation", (event) => violations.push(event));
  const found = tags(say, app.options.site);
  const server = await reach(app, say);
  const avatar = await picture(app, say);
  // A violation is reported in a task of its own, after the request has failed.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const policy = policies(app, violations, say);
  return [...found, ...(policy.length ? policy : server), ...avatar, ...manners(app, say)];
}

/** @param {import("../panel/mount.js").App} app @param {Say} say @returns {Promise<Line[]>} */
async function reach({ options: { base, site }, api }, say) {
  const { origin } = new URL(base);
  if (location.protocol === "https:" && insecure(base))
    return [[false, say("mixed", { x: origin })]];
  const answers = await Promise.allSettled([...new Set([site, ...sites()])].map(api.widget));
  /** @type {Line[]} */
  const lines = answers.map((answer) => {
    if (answer.status === "fulfilled") {
      const { site, state } = answer.value;
      return [/ready|none/.test(state), say("state", { x: state, y: site })];
    }
    const { status, message } = /** @type {import("../panel/server/api.js").Refused} */ (
      answer.reason
    );
    return [false, status ? say("origin", { x: message }) : say("away", { x: origin })];
  });
  const away = answers.every((answer) => answer.status === "rejected" && !answer.reason.status);
  return away ? lines.slice(0, 1) : [[true, say("reached", { x: origin })], ...lines];
}

/** @param {import("../panel/mount.js").App} app @param {Say} say @returns {Promise<Line[]>} */
async function picture({ options: { avatar } }, say) {
  if (!avatar) return [];
  // The panel takes away a picture that did not come: it is asked for once more.
  const image = new Image();
  image.src = avatar;
  const shown = await image.decode().then(
    () => true,
    () => false,
  );
  return shown
    ? []
    : [[false, say("avatar", { x: image.src, y: `img-src ${new URL(image.src).origin}` })]];
}

/**
 * @param {import("../panel/mount.js").App} app
 * @param {SecurityPolicyViolationEvent[]} violations
 * @param {Say} say
 * @returns {Line[]}
 */
function policies({ options: { base } }, violations, say) {
  const { origin } = new URL(base);
  const ours = violations.filter(({ blockedURI }) => blockedURI.startsWith(origin));
  const blocked = new Map(
    ours.map(({ blockedURI, effectiveDirective }) => [
      effectiveDirective,
      blockedURI.split("?")[0],
    ]),
  );
  return [...blocked].map(([directive, uri]) => [
    false,
    say("csp", { x: uri, y: `${directive} ${origin}` }),
  ]);
}

/** @param {import("../panel/mount.js").App} app @param {Say} say @returns {Line[]} */
function manners({ host }, say) {
  /** @type {Line[]} */
  const lines = [];
  if (host.hidden) lines.push([true, say("banner", { x: "data-avoid" })]);
  if (!(/** @type {any} */ (window).Chatbot?.refresh)) lines.push([false, say("name")]);
  try {
    sessionStorage.getItem("");
  } catch {
    lines.push([false, say("storage")]);
  }
  return lines;
}
