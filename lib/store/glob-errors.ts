import { nearestNames, NotFoundError, UnreadableError } from "../errors.ts";
import type { Store } from "./store.ts";
import { fromAddress } from "./urls.ts";

/** How many names of a folder are looked at, so that an error does not take a walk through millions. */
const mostNames = 1_000;

/** The error for an address (maybe with wildcards) that names nothing. `folder`, which ends in "/", is where it was searched. */
export async function missing(
  store: Store,
  address: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<NotFoundError> {
  const names = await namesIn(store, folder, signal);
  const count = `${names.length.toLocaleString("en")}${names.length >= mostNames ? " or more" : ""}`;
  const entries = names.length === 1 ? "entry" : "entries";
  const holds = names.length === 0 ? "does not exist or is empty" : `holds ${count} ${entries} (${some(names)})`;
  const near = await nearest(store, address, folder, names, signal);
  return new NotFoundError(`nothing matches ${address}\n  searched: ${folder}, which ${holds}`, {
    fields: { pattern: address, folder, entries: names.length, nearest: near },
    fix: near.length > 0 ? `did you mean ${near.join(", ")}?` : "correct the path or pattern",
  });
}

/** The error for a folder where files were expected: it proposes a pattern for what it holds most of. */
export async function folderInstead(
  store: Store,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<NotFoundError | UnreadableError> {
  const names = await namesIn(store, folder, signal);
  if (names.length === 0 && !(await existsAsFolder(store, folder, signal))) {
    return missing(store, folder, parentOf(folder), signal);
  }
  const pattern = folder + commonPattern(names);
  return new UnreadableError(`${folder} is a folder (of ${names.length} entries), expected files`, {
    fields: { url: fromAddress(folder), kind: "a folder", entries: names.length, pattern },
    fix: `name the files in it: ${pattern}`,
  });
}

/** Whether the store holds anything below (S3 and memory have no folders of their own). */
export async function isFolder(store: Store, folder: string, signal: AbortSignal | undefined): Promise<boolean> {
  for await (const _ of store.list(fromAddress(folder), signal === undefined ? {} : { signal })) return true;
  return false;
}

/** An empty folder on disk lists like none, but reading it says what it is. */
async function existsAsFolder(store: Store, folder: string, signal: AbortSignal | undefined): Promise<boolean> {
  if (!folder.startsWith("/")) return false;
  return store.head(fromAddress(folder), signal === undefined ? {} : { signal }).then(
    () => false,
    (error: unknown) => error instanceof UnreadableError,
  );
}

/** Names right in the folder, the first `mostNames` of them: files as they are, folders with "/" at their end. */
async function namesIn(store: Store, folder: string, signal: AbortSignal | undefined): Promise<string[]> {
  const root = fromAddress(folder);
  const names: string[] = [];
  const add = (url: string): void => {
    const name = url.slice(root.length);
    if (name !== "") names.push(folder.startsWith("/") ? decodeURIComponent(name) : name);
  };
  // Once there are enough names, the next folder is entered: its first object ends the loop.
  const into = (url: string): boolean => {
    if (names.length >= mostNames) return true;
    add(url);
    return false;
  };
  for await (const { url } of store.list(root, { into, ...(signal === undefined ? {} : { signal }) })) {
    if (names.length >= mostNames) break;
    add(url);
  }
  return names;
}

/** Addresses like the one that is missing: from its folder, or, when that is missing too, folders like it. */
async function nearest(
  store: Store,
  address: string,
  folder: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const wanted = address.slice(folder.length).split("/")[0];
  if (names.length > 0) return nearestNames(wanted, names.map(bareName)).map((name) => folder + name);
  const parent = parentOf(folder);
  if (parent === folder) return [];
  const folders = (await namesIn(store, parent, signal)).filter((name) => name.endsWith("/"));
  if (folders.length === 0) return nearest(store, folder.slice(0, -1), parent, folders, signal);
  return nearestNames(bareName(folder.slice(parent.length)), folders.map(bareName)).map((name) => `${parent}${name}/`);
}

/** The first names, so that one sees what kind of names there are. */
function some(names: readonly string[]): string {
  return names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
}

function bareName(name: string): string {
  return name.replace(/\/$/, "");
}

/** The folder above; a bucket, and the root of the disk, are their own. */
function parentOf(folder: string): string {
  const parent = folder.replace(/[^/]*\/$/, "");
  return parent === "" || parent.endsWith("://") ? folder : parent;
}

/** `*.csv` where most files end so; else `*`. */
function commonPattern(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const extension = /[^./](\.[a-z0-9]+(?:\.(?:gz|zst))?)$/i.exec(name)?.[1];
    if (extension !== undefined) counts.set(extension, (counts.get(extension) ?? 0) + 1);
  }
  const [top] = [...counts].sort((a, b) => b[1] - a[1]);
  if (top !== undefined) return `*${top[0]}`;
  return names.length > 0 && names.every((name) => name.endsWith("/")) ? "**" : "*";
}
