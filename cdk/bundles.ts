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
  /** Names of the files that only planning and images need. */
  readonly heavy: readonly string[];
}

/** The functions that need all files. */
const HEAVY: readonly FunctionName[] = ["plan", "work-image"];

/** The functions' code: `dist/functions`, which lies beside the compiled construct, and one folder off its sources. All share it. */
export interface Bundles {
  readonly folder: string;
  readonly facts: BundleFacts;
  /** Names of the files that are no part of a function's code. */
  without(name: FunctionName): readonly string[];
}

/** A function's module, in the folder. */
export const moduleOf = (name: FunctionName): string => `${name}.mjs`;

const FOLDER = new URL(import.meta.url.endsWith(".ts") ? "../dist/functions/" : "../functions/", import.meta.url);

/** @throws Error where they have not been built. */
export function bundlesIn(folder: string = fileURLToPath(FOLDER)): Bundles {
  const place = folder.replace(/[\\/]?$/, "/");
  const facts = `${place}bundle.json`;
  if (!existsSync(facts))
    throw new Error(
      `The functions of Abanico have not been built: ${facts} is not there. Run: node scripts/build-functions.ts`,
    );
  // Written by the script that made the bundles.
  const found = JSON.parse(readFileSync(facts, "utf8")) as BundleFacts;
  return {
    folder: place,
    facts: found,
    without: (name) => ["bundle.json", ...(HEAVY.includes(name) ? [] : found.heavy)],
  };
}
