import { InternalError } from "../../errors.ts";
import type { Kernel } from "../kernel.ts";

/** Gives the bytes of a base64 text: how a value that the client holds gets to where outputs are kept. */
export const bytes: Kernel = (_params, input) => {
  if (input.kind !== "item" || typeof input.item !== "string")
    throw new InternalError(`"bytes" takes a base64 text, found a ${input.kind}.`);
  const value = new Uint8Array(Buffer.from(input.item, "base64"));
  return { value, recordsIn: 1, recordsOut: 1 };
};
