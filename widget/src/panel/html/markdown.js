import { h } from "./dom.js";
import { link } from "./links.js";

/** Deeper quotes, lists and emphasis are shown as plain text; bounds the recursion. */
const DEEPEST = 8;

/* “25 €”, “10 h”, “04 78 55” and “Quand ?” stay together. */
const HARD_BLANK =
  / (?=[!:;?»€%×°–—])|(?<=[«×]) |(?<=\d(?:\s?h)?) (?=(?:\d{2,3}|[hl]|min|[ap]m|[ckm]?m|k?g)\b)/g;

/**
 * @param {string} text
 * @returns {string} *text* without line breaks inside amounts, times and numbers, or before marks
 */
export const withHardBlanks = (text) => text.replace(HARD_BLANK, "\xa0");

/* Each pattern looks ahead at most 2,000 characters, which keeps hostile text linear. */
const INLINE = new RegExp(
  [
    /(?<ticks>`+)(?<code>[^]{0,1999}?[^`])\k<ticks>(?!`)/,
    /!?\[(?<label>[^\]\n]{0,500})\]\([ <]*(?<href>(?:[^\s<>()]|\([^\s<>()]{0,500}\)){0,1990})>?(?: +["'(][^\n)]{0,200})?\)/,
    /(?<mark>\*\*|__|~~)(?=\S)(?<strong>[^]{0,1999}?\S)\k<mark>/,
    /(?<=^|[^\w*])(?<star>[*_])(?=[^\s*_])(?<em>[^]{0,1999}?[^\s*_])\k<star>(?![\w*])/,
    /(?<auto>https?:\/\/[^\s<>"'`]{1,1990}|(?:mailto:)?[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4})/,
    /(?<!\d[ .-]?)(?<tel>(?:\+|\b0)\d(?:[ .-]?\d){7,12})(?![ .-]?\d)/,
    /\\(?<escape>[!-/:-@[-`{-~])/,
    /(?<br>( {2,}|\\)?\n)/,
  ]
    .map((pattern) => pattern.source)
    .join("|"),
  "g",
);

/**
 * @param {string} text
 * @param {number} [depth]
 * @returns {(Node | string)[]}
 */
function inline(text, depth = 0) {
  /** @type {(Node | string)[]} */
  const out = [];
  let end = 0;
  if (depth < DEEPEST)
    for (const match of text.matchAll(INLINE)) {
      out.push(withHardBlanks(text.slice(end, match.index)));
      end = match.index + match[0].length;
      out.push(...span(/** @type {Record<string, string>} */ (match.groups), depth + 1));
    }
  out.push(withHardBlanks(text.slice(end)));
  return out.filter(Boolean);
}

/**
 * @param {Record<string, string | undefined>} found
 * @param {number} depth
 * @returns {(Node | string)[]}
 */
function span(found, depth) {
  if (found.code) return [h("code", {}, found.code.trim())];
  if (found.strong)
    return [h(found.mark === "~~" ? "s" : "strong", {}, ...inline(found.strong, depth))];
  if (found.em) return [h("em", {}, ...inline(found.em, depth))];
  if (found.auto) return autolink(found.auto);
  if (found.tel)
    return [link(`tel:${found.tel.replace(/[^\d+]/g, "")}`, [withHardBlanks(found.tel)])];
  if (found.escape) return [found.escape];
  if (found.br) return [h("br")];
  // An image becomes a link to it: showing it would tell its server that someone reads this.
  const label = found.label || found.href || "";
  return [link(found.href, inline(label, DEEPEST))];
}

/**
 * @param {string} address
 * @returns {(Node | string)[]}
 */
function autolink(address) {
  let url = address.replace(/[.,;:!?)\]}*_]+$/, "");
  // Brackets that close what the address opened are its own.
  let open = url.split("(").length - url.split(")").length;
  while (open-- > 0 && address[url.length] == ")") url += ")";
  const href = /^(http|mailto)/.test(url) ? url : `mailto:${url}`;
  return [link(href, [url]), address.slice(url.length)];
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6}) +(.*?)#* *$/;
const RULE = /^ {0,3}([-*_])( *\1){2,} *$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)]) +/;
const TABLE = /^ *\|?( *:?-+:? *\|)+( *:?-+:? *)?$/;

/**
 * @param {string} text
 * @returns {Node[]} the blocks of *text*
 */
export function markdown(text) {
  return blocks(String(text).replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0);
}

/**
 * @param {string[]} lines
 * @param {number} depth
 * @returns {Node[]}
 */
function blocks(lines, depth) {
  /** @type {Node[]} */
  const out = [];
  let at = 0;
  /** Takes lines while *wanted*. @param {(line: string, next?: string) => unknown} wanted */
  const take = (wanted) => {
    const from = at;
    while (at < lines.length && wanted(lines[at], lines[at + 1])) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at];
    if (!line.trim()) at++;
    else if (FENCE.test(line)) out.push(fence(line, take, () => at++));
    else if (HEADING.test(line)) out.push(heading(lines[at++]));
    else if (RULE.test(line)) (at++, out.push(h("hr")));
    else if (depth < DEEPEST && QUOTE.test(line))
      out.push(
        h(
          "blockquote",
          {},
          ...blocks(
            take((l) => QUOTE.test(l)).map((l) => l.replace(QUOTE, "")),
            depth + 1,
          ),
        ),
      );
    else if (depth < DEEPEST && ITEM.test(line)) out.push(list(line, take, depth));
    else if (line.includes("|") && TABLE.test(lines[at + 1] || ""))
      out.push(table(take((l) => l.includes("|"))));
    else out.push(h("p", {}, ...inline([lines[at++], ...take(continues)].join("\n").trim())));
  }
  return out;
}

/** @typedef {(wanted: (line: string, next?: string) => unknown) => string[]} Take */

/** @param {string} line @returns {boolean} whether it goes on with the paragraph before it */
const continues = (line) =>
  !!line.trim() && ![FENCE, HEADING, RULE, QUOTE, ITEM].some((start) => start.test(line));

/** @param {string} line */
function heading(line) {
  const [, marks, text] = /** @type {string[]} */ (/** @type {unknown} */ (HEADING.exec(line)));
  // The panel's title is the h2 above.
  return h(`h${Math.min(6, marks.length + 2)}`, {}, ...inline(text));
}

/** @param {string} first @param {Take} take @param {() => void} skip */
function fence(first, take, skip) {
  const mark = /** @type {string[]} */ (FENCE.exec(first))[1];
  skip();
  const code = take((line) => !line.trim().startsWith(mark));
  skip();
  return h("pre", { tabIndex: 0 }, h("code", {}, code.join("\n")));
}

/** @param {string} first @param {Take} take @param {number} depth */
function list(first, take, depth) {
  const start = /** @type {string[]} */ (ITEM.exec(first))[3];
  /** @type {string[][]} */
  const items = [];
  /** @param {string} line */
  const opens = (line) => {
    const found = ITEM.exec(line);
    return found && !RULE.test(line) && !found[3] === !start ? found : null;
  };
  take((line, next) => {
    const found = opens(line);
    if (found) items.push([line.slice(found[0].length)]);
    else if (/^ {2}/.test(line) || (!line.trim() && next && (/^ {2}/.test(next) || opens(next))))
      /** @type {string[]} */ (items.at(-1)).push(line.replace(/^ {2,4}/, ""));
    else return false;
    return true;
  });
  const children = items.map((item) => h("li", {}, ...tight(blocks(item, depth + 1))));
  return h(start ? "ol" : "ul", start ? { start: +start } : {}, ...children);
}

/** An item of one paragraph needs no paragraph. @param {any[]} nodes */
const tight = (nodes) =>
  nodes[0]?.localName === "p" ? [...nodes[0].childNodes, ...nodes.slice(1)] : nodes;

/** @param {string[]} lines */
function table(lines) {
  const [head, , ...rows] = lines.map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split(/(?<!\\)\|/),
  );
  /** @param {string} tag @param {string[]} cells */
  const row = (tag, cells) =>
    h("tr", {}, ...cells.map((cell) => h(tag, {}, ...inline(cell.trim()))));
  return h(
    "div.table",
    { tabIndex: 0 },
    h(
      "table",
      {},
      h("thead", {}, row("th", head)),
      h("tbody", {}, ...rows.map((cells) => row("td", cells))),
    ),
  );
}
