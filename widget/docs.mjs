/** Writes the table of options into docs/widget.md. */
import { readFileSync, writeFileSync } from "node:fs";

const page = new URL("../docs/widget.md", import.meta.url);
const options = JSON.parse(readFileSync(new URL("src/options.json", import.meta.url), "utf8"));
const cell = (text) => text.replaceAll("|", "\\|");
const rows = options.map(
  ({ name, values, default: standard, meaning }) =>
    `| \`data-${name}\` | ${cell(values)} | ${cell(standard)} | ${cell(meaning)} |`,
);
const table = ["| attribute | values | default | meaning |", "|---|---|---|---|", ...rows].join(
  "\n",
);
const text = readFileSync(page, "utf8").replace(
  /(<!-- options -->\n)[^]*?(<!-- \/options -->)/,
  (_, start, end) => `${start}${table}\n${end}`,
);
writeFileSync(page, text);
