/** Compiles the array kernels: `npm run build:wasm`. The modules are committed as base64, so that no build step and no file lookup is needed to run them. */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAssembly } from "../compile-assembly.ts";
import { generateMicro } from "./generate-micro.ts";
import { generateEntry } from "./generate.ts";

/**
 * Compiles one entry, beside sources that are generated, by name; the same bytes for the same sources and compiler. The memory is imported, and shared: growing it detaches nothing, where a buffer
 * once detached makes V8 compile each typed-array loop of that thread with a check that makes it two to five times slower.
 */
function compile(
  entry: string,
  generated: Readonly<Record<string, string>>,
  ...options: string[]
): Promise<Uint8Array> {
  const at = (name: string) => fileURLToPath(new URL(`./assembly/${name}`, import.meta.url));
  const sources = new Map(Object.entries(generated).map(([name, source]) => [at(name), source]));
  const memory = ["--importMemory", "--sharedMemory", "--noExportMemory", "--initialMemory", "16"];
  return compileAssembly(
    at(entry),
    ["--enable", "threads", "--runtime", "stub", ...memory, "--maximumMemory", "65536", "--use", "abort=", ...options],
    // null tells the compiler that there is no such file.
    async (name, base) => sources.get(resolve(base, name)) ?? readFile(resolve(base, name), "utf8").catch(() => null),
  );
}

const asModuleSource = (name: string, binary: Uint8Array): string =>
  `// Made by \`npm run build:wasm\` from assembly/*.ts: do not edit.\nexport const ${name} =\n  "${Buffer.from(binary).toString("base64")}";\n`;

/** The committed files, by name: what the sources compile to. */
export async function compileArrayKernels(): Promise<Readonly<Record<string, string>>> {
  const micro = { "micro.ts": generateMicro() };
  return {
    "array.wasm.ts": asModuleSource("ARRAY_KERNEL_BASE64", await compile("entry.ts", { "entry.ts": generateEntry() })),
    "gemm.wasm.ts": asModuleSource("GEMM_BASE64", await compile("multiply.ts", micro)),
    "gemm-relaxed.wasm.ts": asModuleSource(
      "GEMM_RELAXED_BASE64",
      await compile("multiply.ts", micro, "--enable", "relaxed-simd"),
    ),
  };
}

if (import.meta.main) {
  for (const [name, source] of Object.entries(await compileArrayKernels())) {
    await writeFile(new URL(`./${name}`, import.meta.url), source);
    process.stderr.write(`${name}: ${source.length} bytes of text\n`);
  }
}
