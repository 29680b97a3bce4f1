import { OptionError } from "../../errors.ts";

/** The seed, or one of chance where there is none. @throws OptionError */
export function checkSeed(seed: number | undefined, what: string): number {
  if (seed === undefined) return Math.floor(Math.random() * 2 ** 53);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new OptionError(`${what}: seed expects a whole number from 0 to 2^53 − 1; found ${seed}.`, {
    fields: { seed },
  });
}
