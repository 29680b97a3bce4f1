import { OptionError } from "../../errors.ts";
import { knownKeys, parseBytes } from "../options.ts";
import type { TextOptions } from "./nodes.ts";

/** Refuses options that mean nothing. @throws OptionError */
export function checkTextOptions(options: TextOptions, what: string): TextOptions {
  knownKeys(options, ["blockSize", "encodingErrors"], what);
  const { blockSize, encodingErrors } = options;
  if (blockSize !== undefined) parseBytes(blockSize, `${what} option blockSize`);
  if (encodingErrors !== undefined && encodingErrors !== "error" && encodingErrors !== "replace")
    throw new OptionError(
      `${what} option encodingErrors expects "error" or "replace", found ${JSON.stringify(encodingErrors)}.`,
    );
  return options;
}
