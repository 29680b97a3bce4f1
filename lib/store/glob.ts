import { resolve } from "node:path";
import { NotFoundError, OptionError, UnreadableError } from "../errors.ts";
import { compile, expandBraces, hasWildcards, matches, mayHoldMatches } from "./glob-pattern.ts";
import { missing, isFolder, folderInstead } from "./glob-errors.ts";
import type { ObjectInfo, Store } from "./store.ts";
import { compareCodePoints, fromAddress, schemeOf, splitUrl, toAddress } from "./urls.ts";

/**
 * The objects that a person means: paths (relative to `cwd` or absolute) and URLs, with or without wildcards (see
 * glob-pattern.ts). Patterns keep their order, each one's matches are sorted by code point, an object that several of them name is there once.
 *
 * A text that names an existing object is that object, also with wildcard characters in it.
 *
 * @throws NotFoundError for each pattern that matches nothing: it says what was searched and offers the nearest names.
 * @throws UnreadableError for a folder: it proposes a pattern for what the folder holds.
 */
export async function expandSources(
  store: Store,
  patterns: string | readonly string[],
  cwd: string = process.cwd(),
  signal?: AbortSignal,
): Promise<ObjectInfo[]> {
  const list = typeof patterns === "string" ? [patterns] : patterns;
  if (list.length === 0) throw new OptionError("expected at least one path, URL or pattern, found an empty list");
  const found = new Map<string, ObjectInfo>();
  for (const pattern of list) {
    for (const info of await expandOne(store, pattern, cwd, signal)) {
      if (!found.has(info.url)) found.set(info.url, info);
    }
  }
  return [...found.values()];
}

async function expandOne(store: Store, text: string, cwd: string, signal?: AbortSignal): Promise<ObjectInfo[]> {
  const pattern = belowCwd(text, cwd);
  const literal = await headLiteral(store, pattern, cwd, signal);
  if (literal !== undefined) return [literal];
  const matched = new Map<string, ObjectInfo>();
  const searches = expandBraces(pattern).map((one) => toSearch(one, cwd));
  for (const search of searches) {
    for await (const info of runSearch(store, search, signal)) matched.set(info.url, info);
  }
  if (matched.size === 0) throw await missing(store, toAddress(pattern, cwd), searches[0].folder, signal);
  return [...matched.values()]
    .map((info) => ({ info, address: toAddress(info.url) }))
    .sort((a, b) => compareCodePoints(a.address, b.address))
    .map(({ info }) => info);
}

/** The object that a text names as it stands. Undefined only for a pattern; any other text that names nothing is an error. */
async function headLiteral(
  store: Store,
  text: string,
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo | undefined> {
  const address = toAddress(text, cwd);
  const isPattern = hasWildcards(text);
  if (address.endsWith("/")) {
    if (isPattern) return undefined;
    throw await folderInstead(store, address, signal);
  }
  try {
    return await store.head(fromAddress(address), signal === undefined ? {} : { signal });
  } catch (error) {
    // A folder, or (S3) a key one may list but not look at.
    if (error instanceof UnreadableError && isPattern) return undefined;
    if (error instanceof UnreadableError && error.fields["kind"] === "a folder") {
      throw await folderInstead(store, `${address}/`, signal);
    }
    if (!(error instanceof NotFoundError)) throw error;
    if (isPattern) return undefined;
    if (await isFolder(store, `${address}/`, signal)) throw await folderInstead(store, `${address}/`, signal);
    throw await missing(store, address, address.slice(0, address.lastIndexOf("/") + 1), signal);
  }
}

/** A path or file URL below `cwd` as its part below, since `cwd` is literal: a folder `[data]` there is no wildcard. */
function belowCwd(text: string, cwd: string): string {
  const path = schemeOf(text) === "file" ? toAddress(text) : text;
  const folder = `${resolve(cwd).replace(/\/$/, "")}/`;
  return path.startsWith(folder) && path.length > folder.length ? path.slice(folder.length) : path;
}

/** A pattern taken apart: names below `folder` (an address that ends in "/"), of which `start` begins the first, match `names`. */
interface Search {
  readonly folder: string;
  readonly start: string;
  readonly names: readonly string[];
}

function toSearch(pattern: string, cwd: string): Search {
  const scheme = schemeOf(pattern);
  if (scheme !== undefined) {
    const { name, key } = splitUrl(pattern);
    return split(`${scheme}://${name}/`, key.split("/"));
  }
  let folder = pattern.startsWith("/") ? "/" : `${resolve(cwd).replace(/\/$/, "")}/`;
  const names: string[] = [];
  for (const name of pattern.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) folder = folder.replace(/[^/]*\/$/, "");
  }
  return split(folder, names);
}

/** Moves the names without wildcards to the folder. */
function split(root: string, all: readonly string[]): Search {
  const first = all.findIndex(hasWildcards);
  const depth = first < 0 ? all.length - 1 : first;
  const folder =
    root +
    all
      .slice(0, depth)
      .map((name) => `${name}/`)
      .join("");
  const names = all.slice(depth);
  const start = /^[^*?[]*/.exec(names[0] ?? "")?.[0] ?? "";
  // "." and ".." would be taken for folders.
  return { folder, start: /^\.{1,2}$/.test(start) ? "" : start, names };
}

async function* runSearch(store: Store, search: Search, signal?: AbortSignal): AsyncGenerator<ObjectInfo> {
  const { folder, start, names } = search;
  const pattern = compile(names);
  const below = (url: string): string[] => toAddress(url).slice(folder.length).replace(/\/$/, "").split("/");
  const into = (url: string): boolean => mayHoldMatches(pattern, below(url));
  for await (const info of store.list(fromAddress(folder + start), {
    into,
    ...(signal === undefined ? {} : { signal }),
  })) {
    // A key that ends in "/" stands for a folder in consoles.
    if (!info.url.endsWith("/") && matches(pattern, below(info.url))) yield info;
  }
}
