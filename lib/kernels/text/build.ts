/** Compiles the kernel that counts words: `npm run build:wasm`. The module is committed as base64, so that no build step and no file lookup is needed to run it. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { compileAssembly } from "../compile-assembly.ts";
import { MEMORY_PAGES } from "./word-kernel.ts";

/** The compiled kernel; the same bytes for the same sources and compiler. Its memory never grows: see word-kernel.ts. */
export function compileWordKernel(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL("./assembly/words.ts", import.meta.url));
  return compileAssembly(entry, ["--runtime", "stub", "--initialMemory", String(MEMORY_PAGES)]);
}

if (import.meta.main) {
  const binary = await compileWordKernel();
  const text = Buffer.from(binary).toString("base64");
  const source = `// Made by \`npm run build:wasm\` from assembly/*.ts: do not edit.\nexport const WORD_KERNEL_BASE64 =\n  "${text}";\n`;
  await writeFile(new URL("./words.wasm.ts", import.meta.url), source);
  process.stderr.write(`words.wasm.ts: ${binary.length} bytes of WebAssembly\n`);
}
