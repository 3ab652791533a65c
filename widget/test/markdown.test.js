import assert from "node:assert/strict";
import { test } from "node:test";
import { elements, outline } from "./dom.js";
import { markdown } from "../src/panel/html/markdown.js";

const CASES = {
  "a paragraph": ["a\nb", "p(abr()b)"],
  "bold and italic": ["**a** *b* __c__ _d_ ~~e~~", "p(strong(a) em(b) strong(c) em(d) s(e))"],
  "bold with italic inside": ["**a *b* c**", "p(strong(a em(b) c))"],
  "names with underscores": ["my_long_name", "p(my_long_name)"],
  multiplication: ["2 * 3 * 4", "p(2 * 3 * 4)"],
  "code keeps its marks": ["`**a**`", "p(code(**a**))"],
  "a fence": ["```js\na < b\n```\nc", "pre(code(a < b))p(c)"],
  "an open fence, as while it streams": ["```\na", "pre(code(a))"],
  "headings below the panel's own": ["# a\n#### b", "h3(a)h6(b)"],
  "a list": ["- a\n- b", "ul(li(a)li(b))"],
  "a nested list": ["1. a\n   - b\n2. c", "ol(li(aul(li(b)))li(c))"],
  "a list after text": ["a:\n- b", "p(a:)ul(li(b))"],
  "a quote": ["> a\n> **b**", "blockquote(p(abr()strong(b)))"],
  "a rule": ["a\n\n---\n\nb", "p(a)hr()p(b)"],
  "a table": [
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "div(table(thead(tr(th(a)th(b)))tbody(tr(td(1)td(2)))))",
  ],
  "amounts, times and numbers stay together": [
    "25 € de 10 h – 19 h 30 : 04 78 55, 2 kg, 5 × 3 h, 10 séances ?",
    "p(25␣€ de 10␣h␣– 19␣h␣30␣: 04␣78␣55, 2␣kg, 5␣×␣3␣h, 10 séances␣?)".replaceAll("␣", "\xa0"),
  ],
  "code keeps its blanks": ["`a ? 25 €`", "p(code(a ? 25 €))"],
  "an escape": ["\\*a\\*", "p(*a*)"],
  "markup is text": ["<img src=x onerror=alert(1)>", "p(<img src=x onerror=alert(1)>)"],
  "an image is a link": ["![a](https://x.example/p.png)", "p(a(a))"],
  "a bare address": ["see https://x.example/a.", "p(see a(https://x.example/a).)"],
  "a telephone number": [
    "04 78 55 12 34 or +44 113 496-0123, but not 01.12.2026, FR76 3000 6000 0112 3456 7890 189",
    "p(a(04␣78␣55␣12␣34) or a(+44␣113␣496-0123), but not 01.12.2026, FR76 3000 6000 0112 3456 7890␣189)".replaceAll(
      "␣",
      "\xa0",
    ),
  ],
  "an unsafe link is its text": ["[a](javascript:alert(1))", "p(span(a))"],
  "a bar that is text in a table": [
    "a | b\n-|-\n1 \\| 2 | 3",
    "div(table(thead(tr(th(a)th(b)))tbody(tr(td(1 | 2)td(3)))))",
  ],
};

for (const [name, [text, expected]] of Object.entries(CASES))
  test(`Markdown: ${name}`, () => assert.equal(outline(markdown(text)), expected));

const WIKI = "https://en.wikipedia.org/wiki/Mercury_(planet)";
const ADDRESSES = {
  [`[a](${WIKI})`]: WIKI,
  [`[a](${WIKI} "title"), b`]: WIKI,
  [`see ${WIKI}.`]: WIKI,
  [`(see ${WIKI})`]: WIKI,
  [`(see ${WIKI}_b), c`]: `${WIKI}_b`,
  "(see https://x.example/a).": "https://x.example/a",
  "https://x.example/a))": "https://x.example/a",
  "https://x.example/((a))": "https://x.example/((a))",
};

for (const [text, address] of Object.entries(ADDRESSES))
  test(`brackets of an address are its own: ${text}`, () => {
    const [link] = elements(markdown(text)).filter(({ localName }) => localName === "a");
    assert.equal(link.href, address);
  });

/** Mulberry32: the same inputs in every run. */
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const PIECES = [
  "*",
  "**",
  "_",
  "__",
  "~~",
  "`",
  "```",
  "~~~",
  "#",
  "## ",
  ">",
  "> ",
  "- ",
  "+ ",
  "1. ",
  "9) ",
  "|",
  "|--|--|",
  "---",
  "[",
  "](",
  ")",
  "](javascript:",
  "![",
  "<",
  "</",
  "<script>",
  "https://",
  "mailto:",
  "@",
  "\\",
  "\n",
  "\n\n",
  "\r\n",
  "\t",
  "  ",
  "    ",
  "a",
  "bé",
  "日本",
  "👩‍👩‍👧",
  "\u202e",
  "\u0000",
  "\ud800",
  ".",
  "!",
  "&lt;",
];

test("the Markdown renderer takes 100,000 fuzzed inputs without an error or an unsafe link", () => {
  const next = random(20261122);
  for (let round = 0; round < 100_000; round++) {
    const text = Array.from(
      { length: 1 + next() * 24 },
      () => PIECES[Math.floor(next() * PIECES.length)],
    ).join("");
    for (const element of elements(markdown(text))) {
      assert.notEqual(element.localName, "img");
      assert.notEqual(element.localName, "script");
      if (element.localName === "a") assert.match(element.href, /^(https?|mailto|tel):/);
    }
  }
});

test("hostile repetition does not take quadratic time for ever", { timeout: 20_000 }, () => {
  for (const piece of PIECES) markdown(piece.repeat(8000));
});
