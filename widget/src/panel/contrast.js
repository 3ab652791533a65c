import { luminance } from "../color.js";

/** @typedef {import("../color.js").Rgb} Rgb */

/**
 * @param {Rgb} one
 * @param {Rgb} other
 * @returns {number} WCAG contrast ratio, 1–21
 */
export const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

/**
 * The owner's colour, moved as little as needed towards black or white until text in it
 * can be read on *ground* (4.5:1, success criterion 1.4.3; 4.9 by our shorter luminance).
 * @param {Rgb} colour
 * @param {Rgb} ground
 */
export const readable = (colour, ground) => {
  const goal = luminance(ground) > 0.179 ? 0 : 1;
  let mixed = colour;
  for (let step = 1; contrast(mixed, ground) < 4.9 && step <= 20; step++)
    mixed = colour.map((part) => part + ((goal - part) * step) / 20);
  return `rgb(${mixed.map((part) => Math.round(part * 255))})`;
};
