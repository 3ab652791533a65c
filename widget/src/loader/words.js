/** That the chat is not there, where it is not "Chat offline"; the first word is the bubble's name. @type {Record<string, string>} */
export const OFFLINE = {
  fr: "Discussion hors ligne",
  pl: "Czat offline",
  ar: "الدردشة متوقفة",
  ja: "チャット 停止中",
};
