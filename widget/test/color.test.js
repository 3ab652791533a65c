import assert from "node:assert/strict";
import { test } from "node:test";
import { paint } from "../src/color.js";
import { parse, readable } from "../src/panel/looks/contrast.js";

/** Relative luminance exactly as WCAG 2.2 defines it, to judge the widget's shorter formula. */
const exact = (rgb) =>
  rgb
    .map((part) => (part > 0.04045 ? ((part + 0.055) / 1.055) ** 2.4 : part / 12.92))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
const ratio = (one, other) => {
  const [dark, light] = [exact(one), exact(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const hex = (...rgb) => `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;

function* colours(step) {
  for (let r = 0; r < 256; r += step)
    for (let g = 0; g < 256; g += step) for (let b = 0; b < 256; b += step) yield hex(r, g, b);
}

test("text on the owner's colour has 4.5:1, whatever the colour", () => {
  for (const accent of colours(5)) {
    const text = paint(accent)[1] === "#fff" ? [1, 1, 1] : [0, 0, 0];
    assert.ok(ratio(parse(accent), text) >= 4.5, `${accent} ${ratio(parse(accent), text)}`);
  }
});

for (const [name, ground] of [
  ["light", "#f1f3f5"],
  ["dark", "#22272d"],
])
  test(`links in the owner's colour have 4.5:1 on the ${name} panel`, () => {
    for (const accent of colours(15)) {
      const text = readable(accent, name === "dark")
        .match(/\d+/g)
        .map((part) => part / 255);
      assert.ok(ratio(text, parse(ground)) >= 4.5, `${accent} ${ratio(text, parse(ground))}`);
    }
  });

test("what is no colour is the default", () => {
  for (const wrong of ["", "red", "#12", "#12345g", "url(x)", undefined])
    assert.equal(paint(wrong)[0], "#1d4ed8");
});
