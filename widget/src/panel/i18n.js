import { panel as english } from "../locales/en.json";

/** Written by build.mjs: the hash of all locale files, and all languages. */
const [HASH, LOCALES] = __LOCALES__;

/** @typedef {keyof typeof import("../locales/en.json").panel | keyof typeof import("../locales/en.json").more | keyof typeof import("../locales/en.json").answers} Key */
/** @typedef {(key: Key, value?: string | number) => string} Say */

/**
 * @param {string} wanted two letters, from the tag or the page
 * @returns {string} the language to speak: *wanted*, else the browser's, else English
 */
export const choose = (wanted) =>
  [wanted, ...navigator.languages]
    .map((tag) => tag.slice(0, 2).toLowerCase())
    .find((tag) => LOCALES.includes(tag)) || "en";

/** @param {string} locale two letters @returns {"rtl" | "ltr"} which way its script runs */
export const direction = (locale) => (locale === "ar" ? "rtl" : "ltr");

/**
 * The words of *locale*, and the English ones where it has none.
 * @param {string} locale
 * @param {string} base address of the server
 */
export async function speak(locale, base) {
  /** @type {Record<string, string>} */
  const words = {};
  /** The words of the panel and those of the later parts, in the order of en.json. @type {string[][]} */
  let lists = [];
  if (locale !== "en")
    try {
      const response = await fetch(`${base}widget/${locale}-${HASH}.json`, { credentials: "omit" });
      if (response.ok) lists = await response.json();
    } catch {
      // English is better than nothing.
    }
  /** @param {Record<string, string>} english words of a part @param {number} group where they stand in en.json */
  const learn = (english, group) => {
    const list = lists[group] || [];
    Object.keys(english).forEach((key, at) => (words[key] = list[at] || english[key]));
  };
  learn(english, 0);
  /** @type {Say} */
  const say = (key, value = "") => words[key].replace(/{\w+}/, () => String(value));
  return { say, learn };
}
