/** Compiles the CSV kernel: `npm run build:wasm`. The module is committed as base64, so that no build step and no file lookup is needed to run it. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** The compiled kernel; the same bytes for the same sources and compiler. */
export async function compileCsvKernel(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL("./assembly/kernel.ts", import.meta.url));
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [entry, "--outFile", "kernel.wasm", "-O3", "--noAssert", "--enable", "simd", "--runtime", "minimal"],
    {
      writeFile: (_name: string, contents: string | Uint8Array) => {
        if (typeof contents !== "string") binary = contents;
      },
    },
  );
  if (error || binary === undefined)
    throw new Error(`The CSV kernel does not compile: ${stderr.toString()}`, { cause: error });
  return binary;
}

export function asModuleSource(binary: Uint8Array): string {
  const text = Buffer.from(binary).toString("base64");
  return `// Made by \`npm run build:wasm\` from assembly/*.ts: do not edit.\nexport const CSV_KERNEL_BASE64 =\n  "${text}";\n`;
}

if (import.meta.main) {
  const binary = await compileCsvKernel();
  await writeFile(new URL("./csv.wasm.ts", import.meta.url), asModuleSource(binary));
  process.stderr.write(`csv.wasm.ts: ${binary.length} bytes of WebAssembly\n`);
}
