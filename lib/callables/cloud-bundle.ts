import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { CallableError } from "../errors.ts";
import { buildBundle } from "./build-bundle.ts";
import { hashOf } from "./bundle.ts";
import { sourcesIn } from "./bundle-map.ts";
import type { Bundle } from "./registry.ts";

/** A module of functions as one file that runs on another machine: with its packages inside. */
export interface CloudBundle {
  readonly hash: string;
  readonly text: string;
}

/**
 * Bundles a module again that `fromModule` has loaded, for another machine. What its bundle imports of node_modules here is not there.
 *
 * @throws {CallableError} if the module's files have changed since, or a package cannot be bundled.
 */
export async function cloudBundle(bundle: Bundle): Promise<CloudBundle> {
  const path = fileURLToPath(bundle.bundle);
  const sources = sourcesIn(path);
  const entry = sources.at(-1)?.file;
  if (entry === undefined)
    throw new CallableError(`The bundle ${bundle.bundle} does not say which module it was made from.`, {
      fields: { ...bundle },
      fix: "run the program again, so that fromModule bundles the module anew.",
    });
  for (const { file, text } of sources)
    if (textOf(file) !== text)
      throw new CallableError(`${file} was changed since fromModule loaded it.`, {
        fields: { ...bundle, file },
        fix: "run the program again.",
      });
  const text = await buildBundle(entry, dirname(path), "cloud");
  return { hash: hashOf(text), text };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // gone: that is a change
  }
}
