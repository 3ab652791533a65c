/** @typedef {number[]} Rgb red, green and blue, 0–1 */

/**
 * @param {string} hex `#rrggbb`
 * @returns {Rgb}
 */
export const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

/** Relative luminance, 0–14, with the weights and the curve of color.js. @param {Rgb} rgb */
const luminance = ([r, g, b]) => 3 * r ** 2.2 + 10 * g ** 2.2 + b ** 2.2;

/**
 * The owner's colour, moved as little as needed towards black or white until text in it can
 * be read (4.5:1, success criterion 1.4.3) on the least contrasting ground it stands on, --soft
 * of frame.css: by this luminance at most 1.96 on #f1f3f5, and at least 3.92 on #22272d.
 * @param {string} hex `#rrggbb`
 * @param {boolean} night on a dark ground
 */
export const readable = (hex, night) => {
  const colour = parse(hex);
  let mixed = colour;
  for (let step = 1; night ? luminance(mixed) < 3.92 : luminance(mixed) > 1.96; step++)
    mixed = colour.map((part) => part + ((+night - part) * step) / 20);
  return `rgb(${mixed.map((part) => Math.round(part * 255))})`;
};
