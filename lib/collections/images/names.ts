import { fromAddress, toAddress } from "../../store/urls.ts";
import { extensionOf } from "./encodings.ts";
import type { ImageFormat } from "./nodes.ts";
import { fillTemplate, type NameFacts, type Template } from "./template.ts";

/** A source's address, taken apart: "/a/b/c.png" is "/a/b", "c", "png". */
export function partsOf(url: string): { readonly dir: string; readonly name: string; readonly ext: string } {
  const address = toAddress(url);
  const slash = address.lastIndexOf("/");
  const file = address.slice(slash + 1);
  const dot = file.lastIndexOf(".");
  return dot <= 0
    ? { dir: address.slice(0, slash), name: file, ext: "" }
    : { dir: address.slice(0, slash), name: file.slice(0, dot), ext: file.slice(dot + 1) };
}

/** The URL that a source's image is written to. `base`: the folder that relative names are below; `format`: what is written, where that is asked for. */
export function targetUrl(
  template: Template,
  url: string,
  facts: Omit<NameFacts, "dir" | "name" | "ext">,
  format: ImageFormat | undefined,
  base: string,
): string {
  const { dir, name, ext } = partsOf(url);
  const filled = fillTemplate(template, {
    ...facts,
    dir,
    name,
    ext: format === undefined || sameFormat(ext, format) ? ext : extensionOf(format),
  });
  return fromAddress(toAddress(filled, base));
}

/** "photo.jpeg" keeps its extension when it is written as JPEG. */
function sameFormat(extension: string, format: ImageFormat): boolean {
  const lower = extension.toLowerCase();
  return lower === format || lower === extensionOf(format) || (lower === "tif" && format === "tiff");
}
