import { isAbsolute, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { OptionError } from "../errors.ts";

/**
 * URLs and what a person writes for them.
 *
 * `file:` URLs are percent-encoded as WHATWG has it. `s3:` and `memory:` URLs hold the key as it is, as all AWS tools write them:
 * in `s3://bucket/100%#1.csv` the key is `100%#1.csv`. An *address* is a URL a person can read, and globs can match: the absolute
 * path for a file, the URL itself for all others.
 */

/** `s3` of `s3://bucket/key`; undefined for a path. */
export function schemeOf(pathOrUrl: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(pathOrUrl)?.[1]?.toLowerCase();
}

/** The absolute URL of a path (relative to `cwd`) or URL. Every character of a path stands for itself: spaces, `#` and `%` too. */
export function toUrl(pathOrUrl: string, cwd: string = process.cwd()): string {
  return fromAddress(toAddress(pathOrUrl, cwd));
}

/** The absolute path of a path or `file:` URL; any other URL unchanged. A slash at the end stays. */
export function toAddress(pathOrUrl: string, cwd: string = process.cwd()): string {
  if (pathOrUrl === "") throw new OptionError("expected a path or URL, found an empty string");
  const scheme = schemeOf(pathOrUrl);
  if (scheme !== undefined && scheme !== "file") return pathOrUrl;
  const path = scheme === "file" ? filePath(pathOrUrl) : pathOrUrl;
  const absolute = resolve(cwd, path);
  return path.endsWith("/") && absolute !== "/" ? `${absolute}/` : absolute;
}

/** The URL of an address. */
export function fromAddress(address: string): string {
  return address.startsWith("/") ? pathToFileURL(address).href : address;
}

/** How messages and tables show a URL: a file below `cwd` as its relative path, any other file as its path, the rest as they are. */
export function toDisplay(url: string, cwd: string = process.cwd()): string {
  if (schemeOf(url) !== "file") return url;
  const path = filePath(url);
  const below = relative(cwd, path);
  return below === "" || below === ".." || below.startsWith("../") || isAbsolute(below) ? path : below;
}

/** The path of a `file:` URL. Lenient: a `%` that encodes nothing, `#` and `?` stand for themselves. */
export function filePath(url: string): string {
  const path = /^file:\/\/(?:localhost)?(\/.*)$/is.exec(url)?.[1];
  if (path === undefined) {
    throw new OptionError(`expected a file URL with an absolute path, found ${url}`, {
      fields: { url },
      fix: "write file:///folder/name (three slashes), or the path alone",
    });
  }
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The two parts of `scheme://name/key`: bucket and key for S3. A missing key is "". */
export function splitUrl(url: string): { readonly name: string; readonly key: string } {
  const [, name, key = ""] = /^[a-z0-9+.-]+:\/\/([^/]+)(?:\/(.*))?$/is.exec(url) ?? [];
  if (name === undefined) {
    throw new OptionError(`expected scheme://name/key, found ${url}`, { fields: { url }, fix: "name the bucket" });
  }
  return { name, key };
}

/** As `splitUrl`, for the URL of one object: `OptionError` where the key is missing. */
export function splitObjectUrl(url: string): { readonly name: string; readonly key: string } {
  const parts = splitUrl(url);
  if (parts.key !== "") return parts;
  throw new OptionError(`${url} names no object`, { fields: { url }, fix: "add the object's key after the slash" });
}

/** Orders by code point, which is the order of the UTF-8 bytes (`<` orders by UTF-16 unit, and differs above U+FFFF). */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return Number(isSurrogate(x)) - Number(isSurrogate(y)) || x - y;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
