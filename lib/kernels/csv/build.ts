/** Compiles the CSV kernel: `npm run build:wasm`. The module is committed as base64, so that no build step and no file lookup is needed to run it. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { compileAssembly } from "../compile-assembly.ts";
import { powersOfFive } from "./tables.ts";

/**
 * The compiled kernel; the same bytes for the same sources and compiler.
 *
 * Its memory starts with 192 MiB (address space, not memory, until it is used), so that it hardly ever grows: growing detaches the old
 * buffer, and once any buffer was detached in a thread, V8 compiles each typed-array loop of that thread with a check that makes it two
 * to five times slower (measured: numbering groups 0.6 → 3.4 ns a row, sums 2.4 → 4.6).
 */
export function compileCsvKernel(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL("./assembly/kernel.ts", import.meta.url));
  return compileAssembly(entry, ["--enable", "relaxed-simd", "--runtime", "minimal", "--initialMemory", "3072"]);
}

export function asModuleSource(binary: Uint8Array): string {
  const text = Buffer.from(binary).toString("base64");
  const powers = Buffer.from(powersOfFive().buffer).toString("base64");
  return `// Made by \`npm run build:wasm\` from assembly/*.ts: do not edit.\nexport const CSV_KERNEL_BASE64 =\n  "${text}";\n/** 5^q for q from −342 to 308, see tables.ts: made here, since it takes longer than a small task. */\nexport const POWERS_OF_FIVE_BASE64 =\n  "${powers}";\n`;
}

if (import.meta.main) {
  const binary = await compileCsvKernel();
  await writeFile(new URL("./csv.wasm.ts", import.meta.url), asModuleSource(binary));
  process.stderr.write(`csv.wasm.ts: ${binary.length} bytes of WebAssembly\n`);
}
