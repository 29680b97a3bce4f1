import type { Region } from "../../collections/array/chunks.ts";
import { InternalError } from "../../errors.ts";
import type { TaskContext } from "../kernel.ts";
import type { ArrayTarget, ProgramNode } from "./program.ts";

/** Puts one chunk where it belongs in the array's files; gives what was written. */
export function writeChunk(
  target: ArrayTarget,
  _region: Region,
  _place: readonly number[],
  _node: ProgramNode,
  _elements: Uint8Array,
  _context: TaskContext,
): Promise<Uint8Array> {
  throw new InternalError(`Arrays cannot be written as ${target.format} yet.`);
}
