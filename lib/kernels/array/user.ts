import type { Region } from "../../collections/array/chunks.ts";
import { InternalError } from "../../errors.ts";
import type { TaskContext } from "../kernel.ts";
import type { Arena, Block } from "./arena.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Of } from "./views.ts";

/** A chunk that a user's function makes. */
export function functionChunk(
  _node: Of<"function">,
  _index: number,
  _region: Region,
  _arena: Arena,
  _context: TaskContext,
): Promise<Block> {
  throw new InternalError("fromFunction is not there yet.");
}

/** A chunk that a user's function makes of blocks. */
export function mappedChunk(
  _node: Of<"blocks">,
  _index: number,
  _region: Region,
  _evaluator: Evaluator,
  _context: TaskContext,
): Promise<Block> {
  throw new InternalError("mapBlocks is not there yet.");
}
