import { InternalError } from "../../errors.ts";
import type { Kernel } from "../kernel.ts";
import { decodeNpyHeader } from "./npy.ts";

/** "array.shapes": the shape of a kept chunk, in a list. */
export const shapes: Kernel = async (_params, input, { fetch }) => {
  if (input.kind !== "refs") throw new InternalError("The shape of a chunk was asked of a task that has none.");
  const { shape } = decodeNpyHeader(await fetch(input.refs[0]), "a chunk");
  return { value: [shape], recordsIn: 1, recordsOut: 1 };
};
