/** Compiles the array kernels: `npm run build:wasm`. The modules are committed as base64, so that no build step and no file lookup is needed to run them. */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { generateEntry } from "./generate.ts";

/**
 * Compiles one entry; the same bytes for the same sources and compiler. The memory is imported, and shared: growing it detaches nothing, where a buffer
 * once detached makes V8 compile each typed-array loop of that thread with a check that makes it two to five times slower.
 */
async function compile(entry: string, source: string | undefined, ...options: string[]): Promise<Uint8Array> {
  const path = fileURLToPath(new URL(`./assembly/${entry}`, import.meta.url));
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      path,
      "--outFile",
      "kernel.wasm",
      "-O3",
      "--noAssert",
      "--enable",
      "simd",
      "--enable",
      "threads",
      "--runtime",
      "stub",
      "--importMemory",
      "--sharedMemory",
      "--noExportMemory",
      "--initialMemory",
      "16",
      "--maximumMemory",
      "65536",
      "--use",
      "abort=",
      ...options,
    ],
    {
      // The entry is made here; null tells the compiler that there is no such file.
      readFile: async (name: string, base: string) =>
        source !== undefined && resolve(base, name) === path
          ? source
          : readFile(resolve(base, name), "utf8").catch(() => null),
      writeFile: (_name: string, contents: string | Uint8Array) => {
        if (typeof contents !== "string") binary = contents;
      },
    },
  );
  if (error || binary === undefined)
    throw new Error(`The array kernel in ${dirname(path)} does not compile: ${stderr.toString()}`, { cause: error });
  return binary;
}

export const compileArrayKernel = (): Promise<Uint8Array> => compile("entry.ts", generateEntry());

export const asModuleSource = (name: string, binary: Uint8Array): string =>
  `// Made by \`npm run build:wasm\` from assembly/*.ts: do not edit.\nexport const ${name} =\n  "${Buffer.from(binary).toString("base64")}";\n`;

if (import.meta.main) {
  const binary = await compileArrayKernel();
  await writeFile(new URL("./array.wasm.ts", import.meta.url), asModuleSource("ARRAY_KERNEL_BASE64", binary));
  process.stderr.write(`array.wasm.ts: ${binary.length} bytes of WebAssembly\n`);
}
