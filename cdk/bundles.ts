import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The functions, by the names of their bundles. */
export type FunctionName = "plan" | "work" | "work-image" | "collect" | "start" | "call" | "finish" | "fail";

/** What `scripts/build-functions.ts` says of the bundles that it made. */
export interface BundleFacts {
  /** Over all files of all functions: client and stack compare it. */
  readonly hash: string;
  /** Of the package. */
  readonly version: string;
  /** Version of sharp that the image worker needs. */
  readonly sharp: string;
}

/** The functions' code: `dist/functions`, which lies beside the compiled construct, and one folder off its sources. */
export interface Bundles {
  readonly folder: string;
  readonly facts: BundleFacts;
  /** The folder of one function, which holds `index.mjs`. */
  of(name: FunctionName): string;
}

const FOLDER = new URL(import.meta.url.endsWith(".ts") ? "../dist/functions/" : "../functions/", import.meta.url);

/** @throws Error where they have not been built. */
export function bundlesIn(folder: string = fileURLToPath(FOLDER)): Bundles {
  const place = folder.replace(/[\\/]?$/, "/");
  const facts = `${place}bundle.json`;
  if (!existsSync(facts))
    throw new Error(
      `The functions of Abanico have not been built: ${facts} is not there. Run: node scripts/build-functions.ts`,
    );
  return {
    folder: place,
    // Written by the script that made the bundles.
    facts: JSON.parse(readFileSync(facts, "utf8")) as BundleFacts,
    of: (name) => `${place}${name}`,
  };
}
