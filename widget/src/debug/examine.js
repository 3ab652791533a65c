import options from "../options.json";
import { nearest } from "./nearest.js";

/** @typedef {[boolean, string]} Line whether it is good, and a sentence */
/** @typedef {ReturnType<typeof import("./texts.js").texts>} Say */

/**
 * @param {import("../panel/mount.js").App} app
 * @param {Say} say
 * @returns {Promise<Line[]>}
 */
export async function examine(app, say) {
  /** @type {SecurityPolicyViolationEvent[]} */
  const violations = [];
  document.addEventListener("securitypolicyviolation", (event) => violations.push(event));
  const server = await reach(app, say);
  // A violation is reported in a task of its own, after the request has failed.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const policy = policies(app, violations, say);
  return [...tags(app, say), ...attributes(app, say), ...(policy.length ? policy : server), ...manners(app, say)];
}

/** @param {import("../panel/mount.js").App} app @param {Say} say @returns {Line[]} */
function tags({ options: { site } }, say) {
  const found = [.../** @type {NodeListOf<HTMLScriptElement>} */ (document.querySelectorAll("script[data-site]"))].filter((tag) => tag.dataset.site === site);
  if (!found.length) return [[false, say("none", { x: site })]];
  /** @type {Line[]} */
  const lines = [found.length > 1 ? [false, say("twice", { x: site, n: found.length })] : [true, say("tag", { x: site })]];
  const odd = found.find(({ type }) => type && !/^(module|(text|application)\/javascript)$/.test(type));
  if (odd) lines.push([false, say("type", { x: odd.type })]);
  return lines;
}

/** @param {import("../panel/mount.js").App} app @param {Say} say @returns {Line[]} */
function attributes({ options: given }, say) {
  const known = options.map(({ name }) => name);
  return Object.keys(given)
    .map((name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
    .filter((name) => !known.includes(name) && !/^(base|nonce)$/.test(name))
    .map((name) => [false, say("unknown", { x: name, y: `data-${nearest(name, known)}` })]);
}

/** @param {import("../panel/mount.js").App} app @param {Say} say @returns {Promise<Line[]>} */
async function reach({ options: { base, site }, api }, say) {
  const { origin } = new URL(base);
  if (location.protocol === "https:" && base.startsWith("http:") && !/^http:\/\/(localhost|127\.|\[::1)/.test(base))
    return [[false, say("mixed", { x: origin })]];
  try {
    const { state } = await api.widget(site);
    return [
      [true, say("reached", { x: origin })],
      [/ready|none/.test(state), say("state", { x: state })],
    ];
  } catch (error) {
    const { status, message } = /** @type {import("../panel/api.js").Refused} */ (error);
    return [[false, status ? say("origin", { x: message }) : say("away", { x: origin })]];
  }
}

/**
 * @param {import("../panel/mount.js").App} app
 * @param {SecurityPolicyViolationEvent[]} violations
 * @param {Say} say
 * @returns {Line[]}
 */
function policies({ options: { base } }, violations, say) {
  const { origin } = new URL(base);
  return violations
    .filter(({ blockedURI }) => blockedURI.startsWith(origin))
    .map(({ blockedURI, effectiveDirective }) => [false, say("csp", { x: blockedURI, y: `${effectiveDirective} ${origin}` })]);
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
