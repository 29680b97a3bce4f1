import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, extname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CallableError, NotFoundError } from "../errors.ts";
import { buildBundle } from "./build-bundle.ts";
import { hashOf, importBundle } from "./bundle.ts";
import { callSite } from "./call-site.ts";
import type { Bundle } from "./registry.ts";

const EXTENSIONS = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".tsx", ".jsx"];

/**
 * Loads a module of functions so that its exports travel: closures, imports, recursion and classes work on a worker as they do here.
 *
 *     const tasks = await fromModule<typeof import("./tasks.ts")>(new URL("./tasks.ts", import.meta.url));
 *     client.map(tasks.isPrime, numbers);
 *
 * esbuild bundles it with what it imports, once for each content, into `node_modules/.cache/abanico`, or into the system's temporary
 * folder where there is none that can be written. Packages are imported from that node_modules, and bundled where there is none.
 *
 * @param url a file: URL or a path; one that is relative starts from the file that calls.
 * @returns the module's namespace: what `import(url)` gives, but of the bundle.
 * @throws {NotFoundError} if there is no such file.
 * @throws {CallableError} if it is no module, or does not compile (`fields` file, line, column), or throws while it is loaded.
 */
export async function fromModule<T = Readonly<Record<string, unknown>>>(url: URL | string): Promise<T> {
  const entry = entryOf(url);
  const namespace = await importBundle(await bundleOf(entry));
  if (Object.keys(namespace).length === 0)
    throw new CallableError(`The module ${entry} exports nothing.`, {
      fields: { module: entry },
      fix: "export the functions that should travel: export function … or export const ….",
    });
  return namespace as T; // what the caller says of the module
}

function entryOf(url: URL | string): string {
  const given = String(url);
  const path = pathOf(given);
  const kind = statSync(path, { throwIfNoEntry: false });
  if (kind === undefined)
    throw new NotFoundError(`There is no module ${path}.`, {
      fields: { module: path },
      fix: 'name it from the file that loads it: new URL("./tasks.ts", import.meta.url).',
    });
  if (kind.isFile() && EXTENSIONS.includes(extname(path))) return path;
  throw new CallableError(
    `${path} is ${kind.isFile() ? "no module of TypeScript or JavaScript" : "a folder, not a module"}.`,
    {
      fields: { module: path },
      fix: `name a file that ends in ${EXTENSIONS.join(", ")}.`,
    },
  );
}

function pathOf(given: string): string {
  if (given.startsWith("file:")) return fileURLToPath(given);
  if (isAbsolute(given)) return given;
  if (/^[a-z][a-z+.-]+:/i.test(given))
    throw new CallableError(`A module of functions has to be a file, found ${given}.`, {
      fields: { module: given },
      fix: "save it beside the program.",
    });
  const caller = callSite();
  const beside = caller === undefined ? given : resolve(dirname(caller.file), given);
  return existsSync(beside) ? beside : resolve(given);
}

async function bundleOf(entry: string): Promise<Bundle> {
  const cache = cacheAbove(entry);
  if (cache !== undefined) {
    const written = await writeBundle(cache, await buildBundle(entry, cache, "beside")).catch(unlessNotWritable);
    if (written !== undefined) return written;
  }
  const folder = join(tmpdir(), `abanico-${createHash("sha256").update(userOf()).digest("hex").slice(0, 8)}`);
  return writeBundle(folder, await buildBundle(entry, folder, "anywhere"));
}

/** The temporary folder is everyone's: another user's folder could not be written. */
function userOf(): string {
  return String(process.getuid?.() ?? process.env["USERNAME"]);
}

/** The cache in the nearest node_modules above a file. */
function cacheAbove(file: string): string | undefined {
  for (let at = dirname(file); ; at = dirname(at)) {
    const modules = join(at, "node_modules");
    if (existsSync(modules)) return join(modules, ".cache", "abanico");
    if (dirname(at) === at) return undefined;
  }
}

/** Whole or not at all: under another name first, since other processes may write and read the same. */
async function writeBundle(folder: string, text: string): Promise<Bundle> {
  const hash = hashOf(text);
  const path = join(folder, `${hash}.mjs`);
  const bundle = { bundle: pathToFileURL(path).href, hash };
  // A file that was cut short or changed is replaced.
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return bundle;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `${hash}.${process.pid}-${Math.random().toString(36).slice(2)}.part`);
  try {
    await writeFile(part, text);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return bundle;
}

function unlessNotWritable(error: unknown): undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  if (!["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ENOSPC", "EDQUOT"].includes(String(code))) throw error;
}
