import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { LIBRARY_EXTENSION, LIBRARY_URL } from "../root.ts";

/**
 * A module of functions imports this library too. It has to be the copy that runs, in the program and in its workers, and not another
 * that a bundle brings along: these say which file of the running library an import means.
 */

/** The folder of the library that runs, lib or dist, and the extension of its files. */
const RUNNING = fileURLToPath(LIBRARY_URL);
const EXTENSION = LIBRARY_EXTENSION;
const PACKAGE = dirname(RUNNING);
const isSource = EXTENSION === ".ts";
const ENTRIES: Readonly<Record<string, string>> = {
  abanico: "index",
  "abanico/plan": isSource ? "plan/plan" : "plan",
  "abanico/store": isSource ? "store/index" : "store",
};

/** The URL of the running library's file for a bare import, as "abanico" or "abanico/store". */
export function libraryByName(specifier: string): string | undefined {
  const entry = Object.hasOwn(ENTRIES, specifier) ? ENTRIES[specifier] : undefined;
  return entry === undefined ? undefined : pathToFileURL(join(RUNNING, `${entry}${EXTENSION}`)).href;
}

/** The same for a file: of lib or dist, whichever of the two runs. */
export function libraryByPath(path: string): string | undefined {
  for (const folder of ["lib", "dist"]) {
    const within = relative(join(PACKAGE, folder), path);
    if (within === "" || within.startsWith("..") || within.includes(`node_modules${sep}`)) continue;
    const running = join(RUNNING, within.replace(/\.[jt]s$/, "") + EXTENSION);
    return existsSync(running) ? pathToFileURL(running).href : undefined;
  }
  return undefined;
}
