// Collects the licence texts of what the built files contain.
//
// What MapLibre's bundles contain is read from their own source maps, so the list follows the
// version in the lock file by itself.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

const BUNDLES = ["maplibre-gl.mjs.map", "maplibre-gl-worker.mjs.map"];
const ALWAYS = ["maplibre-gl", "@fontsource-variable/source-sans-3"];
const PACKAGE_IN_PATH = /node_modules\/((?:@[^/]+\/)?[^/]+)/g;

async function bundledPackages(modules) {
  const names = new Set(ALWAYS);
  for (const bundle of BUNDLES) {
    const map = JSON.parse(await readFile(path.join(modules, "maplibre-gl/dist", bundle), "utf8"));
    for (const source of map.sources) {
      const found = [...source.matchAll(PACKAGE_IN_PATH)].at(-1);
      if (found) names.add(found[1]);
    }
  }
  return [...names].sort();
}

/** The licence file, or the licence chapter of the README of packages that ship no file. */
async function licenceText(folder) {
  const files = await readdir(folder);
  const licence = files.find((name) => /^(licen[cs]e|copying)/i.test(name));
  if (licence) return readFile(path.join(folder, licence), "utf8");
  const readme = await readFile(path.join(folder, "README.md"), "utf8");
  const start = readme.search(/^#+ *licen[cs]e/im);
  if (start < 0) throw new Error(`${folder}: no licence text found; add one before building`);
  return readme.slice(start);
}

export async function licences(modules) {
  const parts = [
    "The files in this folder contain the following software and font,\n" +
      "each under its own licence.\n",
  ];
  for (const name of await bundledPackages(modules)) {
    const folder = path.join(modules, name);
    const { version, license } = JSON.parse(
      await readFile(path.join(folder, "package.json"), "utf8"),
    );
    const text = (await licenceText(folder)).replaceAll("\r\n", "\n").trim();
    parts.push(`${"=".repeat(78)}\n${name} ${version} (${license})\n\n${text}\n`);
  }
  return parts.join("\n");
}
