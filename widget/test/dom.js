/**
 * As much of a document as the Markdown renderer uses. Setting markup is not among it: any
 * attempt throws.
 */
class Element {
  constructor(name) {
    this.localName = name;
    this.childNodes = [];
    for (const forbidden of ["innerHTML", "outerHTML"])
      Object.defineProperty(this, forbidden, { set: () => assert.fail(`${forbidden} was set`) });
  }
  append(...nodes) {
    this.childNodes.push(...nodes);
  }
  setAttribute(name, value) {
    this[name] = value;
  }
  get textContent() {
    return this.childNodes.map((node) => node.textContent ?? node).join("");
  }
}

import assert from "node:assert/strict";

globalThis.document = { createElement: (name) => new Element(name) };

/** All elements among *nodes* and below. */
export const elements = (nodes) =>
  nodes.flatMap((node) => (node instanceof Element ? [node, ...elements(node.childNodes)] : []));

/** *nodes* in a short notation to compare with: `p(strong(a) b)`. */
export const outline = (nodes) =>
  nodes
    .map((node) =>
      node instanceof Element ? `${node.localName}(${outline(node.childNodes)})` : node,
    )
    .join("");
