import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** The map that esbuild writes at the end of a bundle, with the sources' texts. */
interface BundleMap {
  readonly sources: string[];
  readonly sourcesContent: string[];
  readonly version: number;
  readonly mappings: string;
  readonly names: string[];
  readonly file: string;
  readonly sourceRoot: string;
}

const MAP = "//# sourceMappingURL=data:application/json;base64,";

/** A file of the user's that is in a bundle. */
export interface BundledSource {
  readonly file: string;
  readonly text: string;
}

/** The map of a bundle; undefined where it has none, or cannot be read. */
function mapOf(bundle: string): BundleMap | undefined {
  try {
    const text = readFileSync(bundle, "utf8");
    const at = text.lastIndexOf(MAP);
    if (at < 0) return undefined;
    return JSON.parse(Buffer.from(text.slice(at + MAP.length).trim(), "base64").toString("utf8")) as BundleMap; // esbuild's
  } catch {
    return undefined; // it only serves to say more in an error
  }
}

/** The files that were bundled, the module itself last. */
export function sourcesIn(bundle: string): BundledSource[] {
  const map = mapOf(bundle);
  if (map === undefined) return [];
  const folder = map.sourceRoot?.startsWith("file:") ? fileURLToPath(map.sourceRoot) : dirname(bundle);
  return map.sources.map((source, i) => ({ file: resolve(folder, source), text: map.sourcesContent[i] ?? "" }));
}

/** The line of the source behind a place in a bundle, both from 1 on. */
export function lineBehind(bundle: string, line: number, column: number): string | undefined {
  const map = mapOf(bundle);
  if (map === undefined) return undefined;
  // Without the root, entries name sources as the map lists them.
  const entry = new SourceMap({ ...map, sourceRoot: "" }).findEntry(line - 1, column - 1);
  if (!("originalSource" in entry)) return undefined;
  return map.sourcesContent[map.sources.indexOf(entry.originalSource)]?.split("\n")[entry.originalLine];
}
