import type { Region } from "../../collections/array/chunks.ts";
import { InternalError } from "../../errors.ts";
import type { TaskContext } from "../kernel.ts";
import type { Arena, Block } from "./arena.ts";
import type { Of } from "./views.ts";

/** Reads one chunk of a file. */
export function readFileChunk(
  { file }: Of<"file">,
  _index: number,
  _region: Region,
  _arena: Arena,
  _context: TaskContext,
): Promise<Block> {
  throw new InternalError(`Arrays cannot be read from ${file.format} yet.`);
}
