import { h } from "./dom.js";

/**
 * @param {unknown} address
 * @returns {URL | null} null for everything but web, mail and telephone addresses
 */
export function safeUrl(address) {
  try {
    const url = new URL(String(address));
    return /^(https?|mailto|tel):$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/**
 * A link to *address*, or only its text when the address is not safe to follow.
 * @param {unknown} address
 * @param {(Node | string)[]} children
 * @returns {HTMLElement}
 */
export function link(address, children) {
  const url = safeUrl(address);
  if (!url) return h("span", {}, ...children);
  return h(
    "a",
    // The host is shown on hover, in its ASCII form: look-alike letters give themselves away.
    {
      href: url.href,
      title: url.host || url.href,
      target: "_blank",
      rel: "noreferrer nofollow",
    },
    ...children,
  );
}
