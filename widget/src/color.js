/** @typedef {number[]} Rgb red, green and blue, 0–1 */

/**
 * @param {string} hex `#rrggbb`
 * @returns {Rgb}
 */
export const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

/**
 * Relative luminance. WCAG's curve is taken as the power 2.2; a test holds the error to
 * less than what the choice between black and white text can bear.
 * @param {Rgb} rgb
 */
export const luminance = ([r, g, b]) => 0.2126 * r ** 2.2 + 0.7152 * g ** 2.2 + 0.0722 * b ** 2.2;

/**
 * The owner's colour, and black or white on it, whichever is easier to read: at least 4.5:1.
 * The same luminance in fewer bytes, as the loader must be small: weights of 3, 10 and 1, no
 * division, and so the limit is 0.181 × 14 × 255 ** 2.2.
 * @param {string} [hex] `#rrggbb`; anything else counts as the default blue
 * @returns {[string, string]}
 */
export const paint = (hex = "") => {
  if (!/^#[\da-f]{6}$/i.test(hex)) hex = "#1d4ed8";
  const rgb = +hex.replace("#", "0x");
  return [
    hex,
    3 * (rgb >> 16) ** 2.2 + 10 * ((rgb >> 8) & 255) ** 2.2 + (rgb & 255) ** 2.2 > 5e5
      ? "#000"
      : "#fff",
  ];
};
