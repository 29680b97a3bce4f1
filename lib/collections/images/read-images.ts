import { wrong } from "../options.ts";
import { Images } from "./images.ts";
import type { ImageOptions, OnImageError } from "./nodes.ts";
import { checkImageOptions } from "./options.ts";

/**
 * Images from files: paths or URLs (`file://`, `s3://`, `memory://`), with the wildcards `*`, `**`, `?`, `[abc]`, `{a,b}`. PNG, JPEG, WebP, AVIF,
 * TIFF and GIF, by what the files hold, not by their names. 16 bits a channel become 8 (the upper ones); pixels of other kinds (floats, 32
 * bits) are refused, since their white is not known. Nothing is read yet.
 *
 * With `onError: "collect"` the type of every result says so: `{ values, failed }`.
 *
 * @throws OptionError for an option that means nothing.
 */
export function readImages<const E extends OnImageError = "fail">(
  paths: string | readonly string[],
  options: ImageOptions & { readonly onError?: E } = {},
): Images<E> {
  const list = typeof paths === "string" ? [paths] : paths;
  if (!Array.isArray(list) || list.length === 0 || list.some((path) => typeof path !== "string" || path === ""))
    throw wrong("readImages(…)", "a path, a URL, a glob or a list of them", paths);
  checkImageOptions(options);
  return new Images<E>({ paths: list, options, operations: [], result: { kind: "encode" } });
}
