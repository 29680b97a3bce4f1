/**
 * Bundles the functions and synthesises the stack, for all test files: node prepare.ts FOLDER. It is a program of its own, since the construct library
 * takes a test file seconds to load.
 */
import { Code } from "aws-cdk-lib/aws-lambda";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { synthesize } from "../../cdk/synth.ts";
import { PREPARED, STACK } from "./prepared.ts";

const folder = process.argv[2];
const script = fileURLToPath(new URL("../../scripts/build-functions.ts", import.meta.url));
const { status } = spawnSync(process.execPath, [script, "--outdir", folder], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (status !== 0) throw new Error("the functions could not be bundled");

const bundles = join(folder, "functions");
const synthesized = synthesize({
  stackName: STACK,
  bundles,
  outdir: join(folder, "assembly"),
  // Without sharp for Lambda's processors, which is fetched from npm: here, functions find this machine's.
  imageWorkerCode: Code.fromAsset(bundles),
});
writeFileSync(join(folder, PREPARED), JSON.stringify(synthesized));
