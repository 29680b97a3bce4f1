import type { Region } from "../../collections/array/chunks.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import { InternalError } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import { besideRef, type TaskContext } from "../kernel.ts";
import type { Arena, Block } from "./arena.ts";
import { copyBox, cutOut } from "./boxes.ts";
import type { ChunkSource, Evaluator } from "./evaluate.ts";
import { decodeNpy } from "./npy.ts";
import { decodeSection } from "./sections.ts";
import type { Of } from "./views.ts";

/** Where a task's chunks come from. */
export class SourcesOf implements ChunkSource {
  readonly #input: TaskInput;
  readonly #context: TaskContext;

  constructor(input: TaskInput, context: TaskContext) {
    this.#input = input;
    this.#context = context;
  }

  async chunk(
    node: Of<"file" | "kept" | "input" | "function" | "data">,
    index: number,
    region: Region,
    arena: Arena,
  ): Promise<Block> {
    switch (node.op) {
      case "input":
        return this.#npy(
          await this.#context.fetch(besideRef(this.#context, node.stage, index)),
          region,
          arena,
          node.stage,
        );
      case "kept":
        return this.#npy(
          await this.#context.fetch({ run: node.run, stage: node.stage, task: index }),
          region,
          arena,
          node.stage,
        );
      case "data":
        return dataChunk(node, region, arena);
      case "file": {
        const { readFileChunk } = await import("./files.ts");
        return readFileChunk(node, index, region, arena, this.#context);
      }
      case "function": {
        const { functionChunk } = await import("./user.ts");
        return functionChunk(node, index, region, arena);
      }
    }
  }

  async received(region: Region, node: Of<"received">, arena: Arena): Promise<Block> {
    if (this.#input.kind !== "refs")
      throw new InternalError("An exchange's chunk was asked of a task that receives nothing.");
    const out = arena.block(node.dtype, region.size);
    for (const ref of this.#input.refs) {
      const bytes = await this.#context.fetch(ref);
      if (bytes.byteLength === 0) continue;
      const { region: box, elements } = decodeSection(bytes, region.size.length);
      const part = arena.copyIn(node.dtype, box.size, elements);
      copyBox(arena, part, box, out, region);
      arena.release(part);
    }
    return out;
  }

  async blocks(node: Of<"blocks">, index: number, region: Region, evaluator: Evaluator): Promise<Block> {
    const { mappedChunk } = await import("./user.ts");
    return mappedChunk(node, index, region, evaluator);
  }

  #npy(bytes: Uint8Array, region: Region, arena: Arena, where: string): Block {
    const { dtype, shape, elements } = decodeNpy(bytes, where);
    if (sizeOf(shape) !== sizeOf(region.size))
      throw new InternalError(`A chunk of ${where} has another size than its place.`);
    return arena.copyIn(dtype, region.size, elements);
  }
}

/** A box of an array that came with the plan. */
function dataChunk({ base64, shape, dtype }: Of<"data">, { start, size }: Region, arena: Arena): Block {
  const all = arena.copyIn(dtype, shape, new Uint8Array(Buffer.from(base64, "base64")));
  return size.every((length, axis) => length === shape[axis]) ? all : cutOut(arena, all, start, size);
}
