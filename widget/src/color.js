/**
 * The owner's colour, and black or white on it, whichever is easier to read: at least 4.5:1.
 * WCAG's luminance with its curve taken as the power 2.2, in few bytes, as the loader must be small: weights of 3, 10 and 1, no
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
