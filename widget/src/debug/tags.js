import options from "../options.json";
import { nearest } from "./nearest.js";

/** @typedef {import("./examine.js").Line} Line */
/** @typedef {import("./examine.js").Say} Say */

/** Seconds between the page's own end of loading and ours that no network explains. */
const LATE = 1;

/** Script elements of the page that are the widget's, or were before an optimiser had them. */
const scripts = () => [...document.scripts].filter((tag) => tag.dataset.site || address(tag));

/** @param {HTMLScriptElement} tag @returns {Attr | undefined} where it says what to load */
const address = (tag) =>
  [...tag.attributes].find(({ name, value }) => /src$/.test(name) && /widget\.js/.test(value));

/** @param {HTMLScriptElement} tag the site it asks for, if it says so */
const keyOf = (tag) => tag.dataset.site || /[?&]site=([^&#]+)/.exec(address(tag)?.value || "")?.[1];

/** @returns {string[]} every site that a tag of the page asks for */
export const sites = () => [...new Set(scripts().flatMap((tag) => keyOf(tag) || []))];

/**
 * What the tags say: all of them, not only the one that runs.
 * @param {Say} say
 * @param {string} site of the chat that examines
 * @returns {Line[]}
 */
export function tags(say, site) {
  const found = scripts();
  /** @type {Line[]} */
  const lines = sites().map((key) => {
    const { length } = found.filter((tag) => keyOf(tag) === key);
    return length > 1
      ? [false, say("twice", { x: key, n: length })]
      : [true, say("tag", { x: key })];
  });
  if (!lines.length) lines.push([false, say("none", { x: site })]);
  else if (!found.every(keyOf)) lines.push([false, say("keyless")]);
  return [...lines, ...found.flatMap((tag) => altered(tag, say)), ...late(say)];
}

/** @param {HTMLScriptElement} tag @param {Say} say @returns {Line[]} what someone did to it */
function altered(tag, say) {
  /** @type {Line[]} */
  const lines = [];
  const where = address(tag);
  if (tag.type === "text/plain") lines.push([false, say("held")]);
  else if (tag.type && !/^(module|(text|application)\/(x-)?javascript)$/.test(tag.type))
    lines.push([false, say("type", { x: tag.type })]);
  else if (where && where.name !== "src") lines.push([false, say("source", { x: where.name })]);
  if (location.protocol === "https:" && insecure(tag.src))
    lines.push([false, say("mixed", { x: new URL(tag.src).origin })]);
  return [...lines, ...unknown(Object.keys(tag.dataset), say)];
}

/** @param {string} url whether an HTTPS page may not load it */
export const insecure = (url) =>
  /^http:/.test(url) && !/^http:\/\/(localhost|127\.|\[::1)/.test(url);

/**
 * Attributes that are almost an option. Others may be someone else's: `data-cfasync`.
 * @param {string[]} names in camel case
 * @param {Say} say
 * @returns {Line[]}
 */
function unknown(names, say) {
  const known = options.map(({ name }) => name);
  return names
    .map((name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
    .filter((name) => !known.includes(name))
    .flatMap((name) => {
      const meant = nearest(name, known, 2);
      return meant ? [[false, say("unknown", { x: name, y: `data-${meant}` })]] : [];
    });
}

/** An optimiser that waits for the visitor to move. @param {Say} say @returns {Line[]} */
function late(say) {
  const [page] = /** @type {PerformanceNavigationTiming[]} */ (
    performance.getEntriesByType("navigation")
  );
  const loader = performance
    .getEntriesByType("resource")
    .find(({ name }) => /widget\.js/.test(name));
  const seconds = page?.loadEventEnd && loader ? (loader.startTime - page.loadEventEnd) / 1000 : 0;
  return seconds > LATE ? [[false, say("late", { x: seconds.toFixed(1) })]] : [];
}
