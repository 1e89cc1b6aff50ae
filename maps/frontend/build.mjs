// Builds the page's files into the folder given as argument (default: the committed one).
//
// Four kinds of files come out:
//   explorer, site, whatif.js  our own sources, bundled and minified by esbuild;
//   explorer, site.css         style sheets of ../static/maps/css, bundled and minified alike;
//   maplibre-gl*.js, *.css     MapLibre's published files, copied byte for byte;
//   fonts/*.woff2              the interface font, copied byte for byte;
// and beside them the licences of everything bundled and SHA256SUMS over all of it.
// The same inputs give the same bytes: no date, no path and no machine name is written.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { licences } from "./licences.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "node_modules");
const out = path.resolve(process.argv[2] ?? path.join(here, "../static/maps/dist"));

/** Published files served as they are; the names end in .js so that every server knows their type. */
const COPIES = [
  ["maplibre-gl/dist/maplibre-gl.mjs", "maplibre-gl.js"],
  ["maplibre-gl/dist/maplibre-gl-worker.mjs", "maplibre-gl-worker.js"],
  ["maplibre-gl/dist/maplibre-gl.css", "maplibre-gl.css"],
  [
    "@fontsource-variable/source-sans-3/files/source-sans-3-latin-wght-normal.woff2",
    "fonts/source-sans-3-latin.woff2",
  ],
];

const BUNDLED = {
  outdir: out,
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

/** A sourcemap comment would point at a file that is not served. */
const SOURCEMAP = /\n?\/[/*]# sourceMappingURL=.*?(\*\/)?\s*$/;

async function copyPublished() {
  for (const [from, to] of COPIES) {
    const target = path.join(out, to);
    await mkdir(path.dirname(target), { recursive: true });
    if (to.endsWith(".woff2")) await cp(path.join(modules, from), target);
    else {
      const text = await readFile(path.join(modules, from), "utf8");
      await writeFile(target, text.replace(SOURCEMAP, "\n"));
    }
  }
}

async function bundle() {
  await build({
    absWorkingDir: here,
    entryPoints: { explorer: "src/main.ts", site: "src/site.ts", whatif: "src/whatif.ts" },
    format: "esm",
    target: ["es2022"],
    ...BUNDLED,
  });
  // The font is copied beside them: its address holds from here as it does from the sources.
  await build({
    absWorkingDir: here,
    entryPoints: ["src/site.css", "src/explorer.css"],
    external: ["*.woff2"],
    ...BUNDLED,
  });
}

async function filesBelow(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

async function writeSums() {
  const lines = [];
  for (const name of await filesBelow(out)) {
    if (name === "SHA256SUMS") continue;
    const digest = createHash("sha256").update(await readFile(path.join(out, name)));
    lines.push(`${digest.digest("hex")}  ${name}\n`);
  }
  await writeFile(path.join(out, "SHA256SUMS"), lines.join(""));
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await copyPublished();
await bundle();
await writeFile(path.join(out, "THIRD-PARTY-LICENCES.txt"), await licences(modules));
await writeSums();
