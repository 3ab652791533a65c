/** That the chat is not there; the first word is the bubble's name. @type {Record<string, string>} */
const WORDS = { fr: "Discussion hors ligne", pl: "Czat offline", ar: "الدردشة متوقفة", ja: "チャット 停止中" };

/**
 * @param {string} [wanted] `data-locale`; else the page's language, else the browser's
 * @returns {[string, string]} its first two letters, and "Chat offline" in it
 */
export const speech = (wanted) => {
  const language = (wanted || document.documentElement.lang || navigator.language).slice(0, 2).toLowerCase();
  return [language, WORDS[language] || "Chat offline"];
};
