/** The bubble's name where it is not "Chat". @type {Record<string, string>} */
const NAMES = { fr: "Discussion", pl: "Czat", ar: "دردشة", ja: "チャット" };

/**
 * @param {string} [wanted] `data-locale`; else the page's language, else the browser's
 * @returns {[string, string]} its first two letters, and the bubble's name in it
 */
export const speech = (wanted) => {
  const language = (wanted || document.documentElement.lang || navigator.language).slice(0, 2).toLowerCase();
  return [language, NAMES[language] || "Chat"];
};
