/**
 * Builds widget/dist (or the folder named as first argument) from widget/src.
 *
 * The panel is built first: its hash goes into its name and, as subresource integrity, into
 * the loader. The result depends on the sources alone, so that a test can compare it.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] || join(here, "dist"));
const BROWSERS = ["chrome105", "firefox105", "safari16.4"];
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));

const hash = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 10);
const integrity = (bytes, algorithm = "sha384") =>
  `${algorithm}-${createHash(algorithm).update(bytes).digest("base64")}`;

/** Style sheets are imported as text and put into the page with adoptedStyleSheets. */
const css = {
  name: "css",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), {
        loader: "css",
        minify: true,
        target: BROWSERS,
      });
      return {
        contents: code
          .trim()
          .replace(/(--[\w-]+[:,]|,) /g, "$1")
          .replace(/="(\w+)"/g, "=$1"),
        loader: "text",
      };
    }),
};

/**
 * The loader is smaller with each function where it is used, the parts with all of them
 * together, as gzip then finds more that repeats.
 */
async function bundle(entry, define = {}, banner = `/* Chatbot Server ${version}, MIT */`) {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minifySyntax: true,
    write: false,
    format: "iife",
    target: BROWSERS,
    tsconfigRaw: {},
    charset: "utf8",
    legalComments: "none",
    define,
    plugins: [css],
  });
  const { code } = await minify(outputFiles[0].text, {
    ecma: 2020,
    compress: {
      passes: 3,
      unsafe: true,
      pure_getters: true,
      hoist_funs: true,
      reduce_funcs: !banner,
    },
    // Escapes are a few bytes less than letters of five scripts.
    format: { preamble: banner, ascii_only: true },
  });
  return Buffer.from(code);
}

function locales() {
  const folder = join(here, "src/locales");
  const english = JSON.parse(readFileSync(join(folder, "en.json"), "utf8"));
  const texts = readdirSync(folder)
    .sort()
    .filter((file) => file !== "en.json")
    .map((file) => {
      const words = JSON.parse(readFileSync(join(folder, file), "utf8"));
      // In the order of en.json, whose keys the parts carry: the words alone are half the bytes.
      return [
        file.slice(0, 2),
        JSON.stringify(
          Object.entries(english).map(([group, texts]) =>
            Object.keys(texts).map((key) => words[group][key]),
          ),
        ),
      ];
    });
  // One hash for all of them: nine would be a hundred bytes of the panel.
  const all = hash(JSON.stringify(texts));
  for (const [name, text] of texts) writeFileSync(join(out, `${name}-${all}.json`), text);
  return [all, ["en", ...texts.map(([name]) => name)].join(" ")];
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
/**
 * Name and integrity of a part: the shortest of the three hashes that browsers take, and in the
 * name the beginning of the same, which costs the loader no further bytes.
 */
function part(name, bytes) {
  const seal = integrity(bytes, "sha256");
  const file = `${name}-${seal.slice(7).replace(/\W/g, "").slice(0, 10)}.js`;
  writeFileSync(join(out, file), bytes);
  return JSON.stringify([file, seal]);
}
const debug = part("debug", await bundle("debug/index.js"));
const more = part("more", await bundle("more/index.js", { __DEBUG__: debug }));
const answers = part("answers", await bundle("answers/index.js"));
const panel = await bundle("panel/index.js", {
  __LOCALES__: JSON.stringify(locales()),
  __MORE__: more,
  __ANSWERS__: answers,
});
const loader = await bundle("loader/index.js", { __PANEL__: part("panel", panel) }, "");
writeFileSync(join(out, "widget.js"), loader);
writeFileSync(
  join(out, "integrity.json"),
  `${JSON.stringify({ "widget.js": integrity(loader) })}\n`,
);
