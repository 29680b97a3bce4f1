import { basename } from "node:path";
import { sourcesIn, type BundledSource } from "./bundle-map.ts";
import type { CallableRef } from "./reference.ts";

/** Where a bundled module imports a package, as its user wrote it; the module itself where that cannot be found. */
export interface Importer {
  readonly file: string;
  /** From 1 on. */
  readonly line: number | undefined;
}

/** The package or file that an import did not find, as Node's error names it. */
export function missingIn(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  if (!(error instanceof Error) || (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND")) return undefined;
  return /^Cannot find (?:package|module) '([^']+)'/.exec(error.message)?.[1];
}

/** Undefined for a bundle without sources. */
export function importerOf(specifier: string, sources: readonly BundledSource[]): Importer | undefined {
  const wanted = new RegExp(`["'\`]${specifier.replace(/[^\w@/]/g, "\\$&")}["'\`/]`);
  const source = sources.find(({ text }) => wanted.test(text));
  const file = source?.file ?? sources.at(-1)?.file;
  if (file === undefined) return undefined;
  const line = source?.text.split("\n").findIndex((one) => wanted.test(one));
  return { file, line: line === undefined ? undefined : line + 1 };
}

/**
 * Of an import within a function that found nothing, Node says that the bundle imports it, in which the function came: puts the user's file
 * and line there. Changes the error, which is the user's, and made by that import.
 */
export function nameImporter(error: unknown, ref: CallableRef | undefined): void {
  const missing = missingIn(error);
  if (missing === undefined || ref?.kind !== "module" || !(error instanceof Error)) return;
  const bundle = / imported from (.+)$/m.exec(error.message)?.[1];
  // Named by its content, since its folder may be a link to where Node says it is.
  if (bundle === undefined || basename(bundle) !== basename(ref.bundle)) return;
  const importer = importerOf(missing, sourcesIn(bundle));
  if (importer === undefined) return;
  const place = importer.line === undefined ? importer.file : `${importer.file}:${importer.line}`;
  const said = error.message;
  error.message = said.replace(` imported from ${bundle}`, ` imported from ${place}`);
  if (error.stack !== undefined) error.stack = error.stack.replace(said, error.message);
}
