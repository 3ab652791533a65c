import "./dom.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { link, safeUrl } from "../src/panel/html/links.js";

const UNSAFE = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  " javascript:alert(1)",
  "java\tscript:alert(1)",
  "java\nscript:alert(1)",
  "\u0001javascript:alert(1)",
  "data:text/html,<script>",
  "vbscript:x",
  "file:///etc/passwd",
  "blob:https://x",
  "//x.example",
  "/path",
  "",
  "ftp://x",
  "view-source:https://x",
  "intent://x",
];

for (const address of UNSAFE)
  test(`${JSON.stringify(address)} is not followed`, () => {
    assert.equal(safeUrl(address), null);
    assert.equal(link(address, ["text"]).localName, "span");
  });

test("a link tells its host and leaves nothing behind", () => {
  const made = link("https://аррӏе.example/a", ["a"]);
  assert.equal(made.title, "xn--80ak6aa92e.example");
  assert.equal(made.rel, "noreferrer nofollow");
  assert.equal(made.target, "_blank");
});
