import { nearestNames, type OptionError } from "../../errors.ts";
import { wrong } from "../options.ts";

/** The error for what is none of a few choices; the fix offers the nearest, or any. `where`: as in `join(…) option how`. */
export function notOneOf(where: string, choices: readonly string[], found: unknown): OptionError {
  const listed = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(" or ");
  const near = typeof found === "string" ? nearestNames(found, choices) : [];
  return wrong(where, listed(choices), found, near.length > 0 ? `did you mean ${listed(near)}?` : "pass one of them.");
}
