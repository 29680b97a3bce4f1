import asc from "assemblyscript/asc";

/**
 * Compiles AssemblyScript, with SIMD and without checks of array bounds: the same bytes for the same sources, compiler and options.
 *
 * @throws Error with what the compiler says
 */
export async function compileAssembly(
  entry: string,
  options: readonly string[],
  readFile?: (name: string, base: string) => Promise<string | null>,
): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [entry, "--outFile", "kernel.wasm", "-O3", "--noAssert", "--enable", "simd", ...options],
    {
      ...(readFile === undefined ? {} : { readFile }),
      writeFile: (_name: string, contents: string | Uint8Array) => {
        if (typeof contents !== "string") binary = contents;
      },
    },
  );
  if (error || binary === undefined)
    throw new Error(`${entry} does not compile: ${stderr.toString()}`, { cause: error });
  return binary;
}
