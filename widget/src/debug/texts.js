/** Sentences for the owner, in the two languages the whole server speaks. */
const TEXTS = {
  en: {
    title: "Chatbot: test of this page",
    tag: "One tag for the chat “{x}” was found.",
    none: "No tag with data-site was found: an optimiser removed it or its attributes. Exclude widget.js from “delay” and “minify”, or put the key into the address: widget.js?site={x}",
    twice: "The tag for “{x}” is on the page {n} times; one bubble is shown. Remove the others.",
    keyless:
      "A tag loads widget.js without data-site: an optimiser took it away, or it was forgotten.",
    type: "The tag is not a plain script any more (type “{x}”): an optimiser delays it. Exclude widget.js there.",
    held: "The tag has type “text/plain”: a consent tool holds it back until the visitor agrees. The chat sets no cookie; exempt widget.js there.",
    source: "The tag has no src but {x}: an optimiser loads it later. Exclude widget.js there.",
    late: "widget.js was only asked for {x} seconds after the page was there: something waits for the visitor to move. Exclude widget.js from “delay JavaScript”.",
    unknown: "data-{x} is no option of the widget. Meant: {y}?",
    mixed:
      "This page is HTTPS but the chat is loaded from {x}: browsers block that. Put the chat behind HTTPS.",
    origin: "The server refuses this page: {x}",
    reached: "The server at {x} answers this page.",
    away: "The server at {x} cannot be reached: it is down, the address is wrong, or a firewall is between.",
    csp: "The page’s Content-Security-Policy blocks {x}. Add {y}",
    avatar:
      "The avatar {x} cannot be shown: it is not there, or the page’s Content-Security-Policy blocks it. Add {y}",
    state: "The state of the chat “{y}” is “{x}”.",
    storage:
      "This browser keeps no session storage for the page: a chat is forgotten on the next page.",
    banner: "The bubble waits while a consent banner is shown ({x}).",
    name: "The page has a Chatbot of its own: window.Chatbot does not control this chat.",
  },
  fr: {
    title: "Chatbot : test de cette page",
    tag: "Une balise pour le chat « {x} » a été trouvée.",
    none: "Aucune balise avec data-site : un optimiseur l’a retirée, elle ou ses attributs. Excluez widget.js du « différé » et de la « minification », ou mettez la clé dans l’adresse : widget.js?site={x}",
    twice:
      "La balise de « {x} » est {n} fois sur la page ; une seule bulle s’affiche. Retirez les autres.",
    keyless:
      "Une balise charge widget.js sans data-site : un optimiseur l’a retiré, ou il a été oublié.",
    type: "La balise n’est plus un script ordinaire (type « {x} ») : un optimiseur la diffère. Excluez-y widget.js.",
    held: "La balise a le type « text/plain » : un outil de consentement la retient jusqu’à l’accord du visiteur. Le chat ne dépose aucun cookie ; exemptez-y widget.js.",
    source:
      "La balise n’a pas de src mais {x} : un optimiseur la charge plus tard. Excluez-y widget.js.",
    late: "widget.js n’a été demandé que {x} secondes après l’arrivée de la page : quelque chose attend un geste du visiteur. Excluez widget.js du « report de JavaScript ».",
    unknown: "data-{x} n’est pas une option du widget. Vouliez-vous dire {y} ?",
    mixed:
      "Cette page est en HTTPS mais le chat vient de {x} : les navigateurs bloquent cela. Mettez le chat derrière HTTPS.",
    origin: "Le serveur refuse cette page : {x}",
    reached: "Le serveur {x} répond à cette page.",
    away: "Le serveur {x} est injoignable : il est arrêté, l’adresse est fausse, ou un pare-feu s’interpose.",
    csp: "La Content-Security-Policy de la page bloque {x}. Ajoutez {y}",
    avatar:
      "L’avatar {x} ne peut pas être affiché : il n’existe pas, ou la Content-Security-Policy de la page le bloque. Ajoutez {y}",
    state: "L’état du chat « {y} » est « {x} ».",
    storage:
      "Ce navigateur ne garde pas de session pour la page : une discussion est oubliée à la page suivante.",
    banner: "La bulle attend tant qu’un bandeau de consentement est affiché ({x}).",
    name: "La page a son propre Chatbot : window.Chatbot ne commande pas ce chat.",
  },
};

/** @typedef {keyof typeof TEXTS.en} Text */

/**
 * @param {string} locale
 * @returns {(key: Text, values?: Record<string, string | number>) => string}
 */
export const texts = (locale) => {
  const table = locale === "fr" ? TEXTS.fr : TEXTS.en;
  return (key, values = {}) => table[key].replace(/{(\w)}/g, (_, name) => String(values[name]));
};
