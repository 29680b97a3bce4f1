import type { BigIntStats, Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { throwIfAborted } from "./abort.ts";
import { errorCode, fileError } from "./file-errors.ts";
import { isHiddenWrite } from "./file-write.ts";
import type { ListOptions } from "./store.ts";
import { filePath } from "./urls.ts";

/** How many files are looked at together. */
const batch = 64;

interface Entry {
  readonly path: string;
  /** Ends in "/" for a folder. File URLs are ASCII, so `<` on them is the order of bytes. */
  readonly url: string;
  readonly folder: boolean;
  /** Real paths of the folders that symbolic links on the way led to: following one of them again would not end. */
  readonly via: readonly string[];
}

/**
 * Every regular file whose URL starts with `prefix`, in order of its URL, with its facts. Symbolic links are followed, circles
 * left out. Holds the names of the folders on the way to the current file, and nothing else.
 */
export async function* listFiles(
  prefix: string,
  options: ListOptions,
): AsyncGenerator<{ url: string; facts: BigIntStats }> {
  const { into = () => true, after = "", signal } = options;
  const path = filePath(prefix);
  const cut = path.lastIndexOf("/") + 1;
  const root: Entry = { path: path.slice(0, cut), url: "", folder: true, via: [] };
  /** What is still to come, the next one last. */
  const stack = await children(root, path.slice(cut));
  while (stack.length > 0) {
    throwIfAborted(signal);
    const next = stack.at(-1);
    if (next?.folder === true) {
      stack.pop();
      const passed = next.url <= after && !after.startsWith(next.url);
      if (!passed && into(next.url)) for (const child of await children(next, "")) stack.push(child);
      continue;
    }
    const found = await Promise.all(takeFiles(stack, after).map(look));
    for (const file of found) if (file !== undefined) yield file;
  }
}

/** Takes the next files off the stack, up to a batch or the next folder. */
function takeFiles(stack: Entry[], after: string): Entry[] {
  const files: Entry[] = [];
  while (files.length < batch) {
    const entry = stack.at(-1);
    if (entry === undefined || entry.folder) break;
    stack.pop();
    if (entry.url > after) files.push(entry);
  }
  return files;
}

/** The facts of a regular file; undefined for anything else, and for a file that is gone by now. */
async function look({ path, url }: Entry): Promise<{ url: string; facts: BigIntStats } | undefined> {
  try {
    const facts = await stat(path, { bigint: true });
    return facts.isFile() ? { url, facts } : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw fileError(error, url, "read");
  }
}

/** What a folder holds that starts with `start`, in reverse order. */
async function children(folder: Entry, start: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const found of await readFolder(folder)) {
    if (!found.name.startsWith(start) || isHiddenWrite(found.name)) continue;
    const entry = await toEntry(folder, found);
    if (entry !== undefined) entries.push(entry);
  }
  return entries.sort((a, b) => (a.url < b.url ? 1 : -1));
}

async function readFolder(folder: Entry): Promise<Dirent[]> {
  try {
    return await readdir(folder.path, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw fileError(error, pathToFileURL(folder.path).href, "list");
  }
}

async function toEntry(folder: Entry, found: Dirent): Promise<Entry | undefined> {
  const path = folder.path + found.name;
  const { href } = pathToFileURL(path);
  const asFolder = { path: `${path}/`, url: `${href}/`, folder: true, via: folder.via };
  if (found.isDirectory()) return asFolder;
  if (!found.isSymbolicLink()) return { path, url: href, folder: false, via: folder.via };
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) return undefined;
  if (!facts.isDirectory()) return { path, url: href, folder: false, via: folder.via };
  const [target, from] = await Promise.all([realpath(path), realpath(folder.path)]);
  const circle = folder.via.includes(target) || `${from}/`.startsWith(`${target}/`);
  return circle ? undefined : { ...asFolder, via: [...folder.via, from, target] };
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP"].includes(errorCode(error) ?? "");
}
