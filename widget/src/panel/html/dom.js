/**
 * An element. No markup is ever parsed: properties are set, children are appended, so that
 * nothing in a text can become an element (and Trusted Types have nothing to refuse).
 * @param {string} tag with its class, `div.who`; one that page owners may style, too, is `div::header`
 * @param {Record<string, any>} [properties] `on…` functions, properties of the element, else attributes
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any} the element; `any`, as its type depends on *tag*
 */
export function h(tag, properties = {}, ...children) {
  const [name, className, part] = tag.split(/[.:]/);
  /** @type {any} */
  const element = document.createElement(name);
  for (const [name, value] of Object.entries({
    className: className || part,
    part,
    ...properties,
  })) {
    if (value == null) continue;
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(.../** @type {any[]} */ (children.filter(Boolean)));
  return element;
}

/**
 * @param {string} path the `d` of a 24 × 24 outline
 * @returns {SVGElement} decorative: the button around it has the name
 */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const shape = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.ariaHidden = "true";
  shape.setAttribute("d", path);
  svg.append(shape);
  return /** @type {SVGElement} */ (svg);
}

/**
 * @param {string} label its name, which is also shown on hover
 * @param {string} path
 * @param {() => void} onclick
 * @param {Record<string, any>} [more] properties
 */
export const iconButton = (label, path, onclick, more) =>
  h("button.icon", { ariaLabel: label, title: label, onclick, ...more }, icon(path));

/**
 * Makes *box* show *next* and leaves the nodes that are equal alone, so that a selection or
 * the focus in the part of an answer that is already there survives the next token.
 * @param {Element} box
 * @param {Node[]} next
 */
export function patch(box, next) {
  next.forEach((node, at) => {
    const old = box.childNodes[at];
    if (!old) box.append(node);
    else if (!old.isEqualNode(node)) old.replaceWith(node);
  });
  while (box.childNodes[next.length]) box.lastChild?.remove();
}
