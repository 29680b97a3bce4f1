/**
 * Makes the package: node scripts/build.ts [--outdir FOLDER]. Default: dist.
 *
 * esbuild joins the modules into few files, since Node takes about 0.7 ms to load each and the root needs two hundred of them; what is
 * loaded on demand stays apart. All chunks lie in one folder, so that `lib/root.ts` and the worker's URL hold there too. Declarations
 * are tsc's, a file a module.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { PACKAGE_BUNDLE } from "./options.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const { values } = parseArgs({
  options: { outdir: { type: "string", default: "dist" }, "no-types": { type: "boolean" } },
});
const outdir = values.outdir;
await rm(outdir, { recursive: true, force: true });

await build({
  absWorkingDir: root,
  entryPoints: {
    index: "lib/index.ts",
    plan: "lib/plan/plan.ts",
    store: "lib/store/index.ts",
    worker: "lib/runtime/local/worker.ts",
    abanico: "lib/cli/abanico.ts",
  },
  outdir,
  ...PACKAGE_BUNDLE,
  sourcemap: true,
  sourcesContent: false,
});

// esbuild renames classes that name themselves. They get their names back here and not by its keepNames, which defines the name of
// each function that is made, again and again: a third of what a graph of tiny calls cost.
for (const file of readdirSync(outdir).filter((name) => name.endsWith(".js"))) {
  const path = join(outdir, file);
  const named = (all: string, name: string) =>
    `${all} static { Object.defineProperty(this, "name", { value: "${name}", configurable: true }); }`;
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/= class _([A-Za-z]\w*)(?: extends [\w.]+)? \{/g, named));
}

if (values["no-types"] !== true) {
  const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  const arguments_ = [tsc, "-p", `${root}tsconfig.build.json`, "--outDir", outdir];
  const { status } = spawnSync(process.execPath, arguments_, { stdio: "inherit" });
  process.exitCode = status ?? 1;
}
