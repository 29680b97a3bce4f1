import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { CallableError } from "../errors.ts";
import { sourcesIn, type BundledSource } from "./bundle-map.ts";
import { importerOf, missingIn } from "./missing-import.ts";
import { bundleSource, registerModule, type Bundle } from "./registry.ts";

/** A bundle's exports. */
export type Namespace = Readonly<Record<string, unknown>>;

/** Names a bundle's content: the first 128 bits of its SHA-256, in hexadecimal. */
export function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 32);
}

/** What this thread has imported, by URL and hash. */
const imported = new Map<string, Promise<Namespace>>();

/**
 * Imports a bundle that `fromModule` wrote, if its content is what the hash says, and registers what it exports.
 *
 * @throws {CallableError} if the file is another, is not there, or fails while it is loaded.
 */
export function importBundle(bundle: Bundle): Promise<Namespace> {
  const key = `${bundle.hash} ${bundle.cloud ?? ""} ${bundle.bundle}`;
  const known = imported.get(key);
  if (known !== undefined) return known;
  const loading = importFresh(bundle);
  imported.set(key, loading);
  loading.catch(() => imported.delete(key));
  return loading;
}

async function importFresh(bundle: Bundle): Promise<Namespace> {
  const brought = await bundleSource()?.bring(bundle);
  if (brought === undefined)
    checkHash(
      bundle,
      await readFile(pathOf(bundle)).catch((cause: unknown) => {
        throw notThere(bundle, cause);
      }),
    );
  const url = brought === undefined ? bundle.bundle : pathToFileURL(brought).href;
  // Stacks then name the user's files and lines. The main thread's stacks are the program's to configure.
  if (!isMainThread) process.setSourceMapsEnabled(true);
  const namespace = await (import(/* @vite-ignore */ url) as Promise<Namespace>).catch((cause: unknown) => {
    throw failedToLoad(bundle, cause);
  });
  registerModule(namespace, bundle);
  return namespace;
}

/** The same at once, for values that are being read. A module that awaits at its top cannot be loaded so. */
export function requireBundle(bundle: Bundle): void {
  const brought = bundleSource()?.brought(bundle);
  if (brought === undefined) {
    let content: Buffer;
    try {
      content = readFileSync(pathOf(bundle));
    } catch (cause) {
      throw notThere(bundle, cause);
    }
    checkHash(bundle, content);
  }
  try {
    registerModule(createRequire(import.meta.url)(brought ?? pathOf(bundle)) as Namespace, bundle);
  } catch (cause) {
    throw failedToLoad(bundle, cause);
  }
}

function pathOf({ bundle }: Bundle): string {
  if (bundle.startsWith("file:")) return fileURLToPath(bundle);
  throw new CallableError(`A module's bundle has to be a file: URL, found ${bundle}.`, {
    fields: { bundle },
    fix: "load the module by fromModule.",
  });
}

function checkHash({ bundle, hash }: Bundle, content: Uint8Array): void {
  const found = hashOf(content);
  if (found === hash) return;
  throw new CallableError(
    `The bundle ${bundle} is another than that of the program: expected hash ${hash}, found ${found}.`,
    {
      fields: { bundle, expected: hash, found },
      fix: "run the program again, so that fromModule bundles the module anew.",
    },
  );
}

function notThere({ bundle, hash }: Bundle, cause: unknown): CallableError {
  return new CallableError(`The bundle ${bundle} cannot be read here.`, {
    fields: { bundle, expected: hash },
    fix: "run the program again, so that fromModule bundles the module anew; the folder has to be one that workers see.",
    cause,
  });
}

function failedToLoad(of: Bundle, cause: unknown): CallableError {
  const { bundle } = of;
  const sources = sourcesIn(pathOf(of));
  const missing = missingPackage(cause);
  if (missing !== undefined) return withoutPackage(of, missing, sources, cause);
  const module = sources.at(-1)?.file;
  const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new CallableError(`The module ${module ?? bundle} failed while it was loaded: ${said}`, {
    fields: { bundle, module },
    fix: "see the cause: it is thrown at the top of the module or of one that it imports.",
    cause,
  });
}

/** The package that an import did not find. */
function missingPackage(cause: unknown): string | undefined {
  const specifier = missingIn(cause);
  return specifier === undefined || /^([./]|[a-z]+:)/.test(specifier) ? undefined : nameIn(specifier);
}

/** "@scope/name" of "@scope/name/deep/file.js". */
function nameIn(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function withoutPackage(
  { bundle }: Bundle,
  name: string,
  sources: readonly BundledSource[],
  cause: unknown,
): CallableError {
  const { file, line } = importerOf(name, sources) ?? {};
  const at = file === undefined ? "A module of functions" : line === undefined ? file : `${file}:${line}`;
  return new CallableError(`${at} imports the package "${name}", which is not installed here.`, {
    fields: { bundle, package: name, file, line },
    fix: `install it beside that file: npm install ${name}.`,
    cause,
  });
}
