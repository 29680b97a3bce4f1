/**
 * Makes what the package exports as `abanico/cdk`, and the app that `abanico deploy` runs: node scripts/build-cdk.ts [--outdir FOLDER]. Default: dist. They find the
 * functions' bundles beside them, which build-functions.ts makes.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { PACKAGE_BUNDLE } from "./options.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const { values } = parseArgs({
  options: { outdir: { type: "string", default: join(root, "dist") }, "no-types": { type: "boolean" } },
});
const outdir = join(values.outdir, "cdk");

await build({
  absWorkingDir: root,
  entryPoints: { abanico: "cdk/abanico.ts", app: "cdk/app.ts" },
  outdir,
  ...PACKAGE_BUNDLE,
});

if (values["no-types"] !== true) {
  const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  const arguments_ = [tsc, "-p", join(root, "cdk/tsconfig.build.json"), "--outDir", outdir];
  const { status } = spawnSync(process.execPath, arguments_, { stdio: "inherit" });
  process.exitCode = status ?? 1;
}
