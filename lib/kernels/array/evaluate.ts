import { Grid, equalRegions, type Region } from "../../collections/array/chunks.ts";
import { infoOf, type DType } from "../../collections/array/dtype.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import { InternalError } from "../../errors.ts";
import type { Arena, Block } from "./arena.ts";
import { broadcastRegion, copyBox, layoutOf } from "./boxes.ts";
import { drawnBox } from "./drawn.ts";
import { Fusion, fillWith } from "./fuse.ts";
import { alongAxis } from "./along.ts";
import { multiplyBy, operandBox } from "./multiply.ts";
import type { Program, ProgramNode } from "./program.ts";
import { StandardStream, streamable } from "./random.ts";
import { countedChunks, selected } from "./select.ts";
import { copyStrided } from "./strided.ts";
import { forEachTile, releaseSources, type LeafSource, type TileRun } from "./tiles.ts";
import { regionInput, type Of } from "./views.ts";

/** Gives chunks that are made or lie elsewhere: of files, of earlier stages, of users' functions. */
export interface ChunkSource {
  /** The chunk's elements, into a block of its own. `region`: the chunk's. */
  chunk(
    node: Of<"file" | "kept" | "input" | "function" | "data">,
    index: number,
    region: Region,
    arena: Arena,
  ): Promise<Block>;
  /** A box that was received through an exchange. */
  received(region: Region, node: Of<"received">, arena: Arena): Promise<Block>;
  /** A user's function of blocks. */
  blocks(node: Of<"blocks">, index: number, region: Region, evaluator: Evaluator): Promise<Block>;
}

/** Boxes that may be made of one another before the stack is left. */
const DEPTH = 100;

/**
 * Computes boxes of a program's nodes, from boxes of their inputs, down to the leaves. A box is any box: chunks matter only to leaves that come chunk by
 * chunk. What is element-wise goes in tiles (fuse.ts); everything else makes a block.
 */
export class Evaluator {
  readonly program: Program;
  readonly arena: Arena;
  readonly #chunks: ChunkSource;
  readonly #grids = new Map<object, Grid>();
  /** Boxes of leaves that several boxes of one task are made of, by place and box: made once, and kept until the task ends. */
  readonly #shared: Map<string, Block> | undefined;
  /** Blocks that are being made for one another. */
  #depth = 0;

  /** `shares`: whether tiles of several boxes are asked for that have leaves in common. */
  constructor(program: Program, arena: Arena, chunks: ChunkSource, shares = false) {
    if (shares) this.#shared = new Map();
    this.program = program;
    this.arena = arena;
    this.#chunks = chunks;
  }

  /** The box's elements, in a block that is the caller's. */
  async block(place: number, region: Region): Promise<Block> {
    // A program may be deeper than the stack: waiting ends the calls that lead here.
    if (++this.#depth % DEPTH === 0) await undefined;
    try {
      return await this.#block(place, region);
    } finally {
      this.#depth--;
    }
  }

  async #block(place: number, region: Region): Promise<Block> {
    const node = this.program[place];
    if (region.size.includes(0)) return this.arena.block(node.dtype, region.size);
    switch (node.op) {
      case "map":
      case "cast":
        return this.#fused(place, region);
      case "full": {
        const block = this.arena.block(node.dtype, region.size);
        fillWith(this.arena, node, block.address, sizeOf(region.size));
        return block;
      }
      case "affine": {
        const block = this.arena.block(node.dtype, region.size);
        this.arena.kernel.loop(`affine_${infoOf(node.dtype).code}`)(
          block.address,
          region.size[0],
          node.start,
          node.step,
          region.start[0],
        );
        return block;
      }
      case "eye":
        return this.#eye(node, region);
      case "drawn":
        return drawnBox(this.arena, node, region);
      case "random":
      case "file":
      case "kept":
      case "input":
      case "function":
      case "data":
        return this.#assembled(node, region);
      case "blocks":
      case "local":
        return this.#assembled(node, region);
      case "received":
        return this.#chunks.received(region, node, this.arena);
      case "slice":
      case "transpose":
      case "reshape":
      case "broadcast":
      case "concat":
      case "take":
      case "rechunk":
        return regionInput(this, node, region);
      case "select":
        return selected(this, node, region);
      case "counts":
        return countedChunks(this, node, region);
      case "along":
      case "cumulate":
        return alongAxis(this, node, region);
      case "matmul":
        return this.#product(node, region);
      case "reduce":
      case "gram":
      case "histogram":
      case "bincount":
      case "unique":
      case "digits":
      case "whole":
        throw new InternalError(`A task's program holds ${node.op}, which ends a stage.`);
    }
  }

  /** For tiles: the steps of some nodes, and where their leaves come from. */
  async tiles(roots: readonly number[], region: Region): Promise<TileRun> {
    const fusion = new Fusion(this.program, roots, this.arena);
    const sources: LeafSource[] = [];
    for (const { place } of fusion.leaves) sources.push(await this.#source(place, region));
    return { program: this.program, fusion, region, sources, arena: this.arena };
  }

  gridOf(chunks: Grid["chunks"]): Grid {
    let grid = this.#grids.get(chunks);
    if (grid === undefined) this.#grids.set(chunks, (grid = new Grid(chunks)));
    return grid;
  }

  async #source(place: number, region: Region): Promise<LeafSource> {
    const node = this.program[place];
    if (node.op === "full") return { from: "value", place };
    const own = broadcastRegion(node.shape, region);
    const isWhole = own.size.length === region.size.length && own.size.every((n, i) => n === region.size[i]);
    if (isWhole && isTurned(node) && !own.size.includes(1))
      return { from: "turned", block: await this.#leaf(node.inputs[0], turnedRegion(own)) };
    if (this.#shared === undefined && isWhole && node.op === "random" && streamable(node)) {
      const [chunk] = this.gridOf(node.grid).touching(own);
      if (chunk !== undefined && equalRegions(chunk.region, own)) {
        const stream = new StandardStream(this.arena, node, chunk.index);
        return { from: "stream", stream };
      }
    }
    return { from: "block", block: await this.#leaf(place, own) };
  }

  /** A box of a tile's leaf, perhaps one that was made before. */
  async #leaf(place: number, region: Region): Promise<Block> {
    if (this.#shared === undefined || !SHARED.has(this.program[place].op)) return this.block(place, region);
    const key = `${place}:${region.start.join(",")}:${region.size.join(",")}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const block = await this.block(place, region);
    this.arena.keep(block);
    this.#shared.set(key, block);
    return block;
  }

  async #fused(place: number, region: Region): Promise<Block> {
    const { arena } = this;
    const node = this.program[place];
    const run = await this.tiles([place], region);
    const out = arena.block(node.dtype, region.size);
    if (run.fusion.isEmpty) {
      // Casts to what it is already, rounding of whole numbers.
      const [source] = run.sources;
      if (source.from === "block")
        copyStrided(arena.kernel, infoOf(node.dtype).bytes, region.size, layoutOf(source.block), layoutOf(out));
      else
        forEachTile(run, undefined, ([address], { offset, count }) =>
          copyVector(arena, node.dtype, address, out.address, offset, count),
        );
    } else
      forEachTile(
        run,
        undefined,
        () => {},
        ({ offset }) => out.address + offset * infoOf(node.dtype).bytes,
      );
    releaseSources(run);
    return out;
  }

  #eye({ k, dtype }: Of<"eye">, { start, size }: Region): Block {
    const { arena } = this;
    const block = arena.zeros(dtype, size);
    const width = infoOf(dtype).bytes;
    const one = arena.kernel.fill(infoOf(dtype).code);
    const value = dtype === "int64" || dtype === "uint64" ? 1n : 1;
    for (let i = 0; i < size[0]; i++) {
      const j = start[0] + i + k - start[1];
      if (j >= 0 && j < size[1]) one(value, block.address + (i * size[1] + j) * width, 1);
    }
    return block;
  }

  /** From the chunks that it touches. */
  async #assembled(
    node: Of<"random" | "file" | "kept" | "input" | "function" | "data" | "blocks" | "local">,
    region: Region,
  ): Promise<Block> {
    const { arena } = this;
    // Of these files any box can be read as it is.
    if (node.op === "file" && node.file.format !== "zarr") return this.#chunk(node, 0, region);
    const grid = this.gridOf("grid" in node ? node.grid : node.chunks);
    const touched = [...grid.touching(region)];
    if (touched.length === 1 && equalRegions(touched[0].region, region))
      return this.#chunk(node, touched[0].index, region);
    const out = arena.block(node.dtype, region.size);
    for (const { index, region: box } of touched) {
      const block = await this.#chunk(node, index, box);
      copyBox(arena, block, box, out, region);
      arena.release(block);
    }
    return out;
  }

  async #chunk(
    node: Of<"random" | "file" | "kept" | "input" | "function" | "data" | "blocks" | "local">,
    index: number,
    region: Region,
  ): Promise<Block> {
    switch (node.op) {
      case "random": {
        const block = this.arena.block(node.dtype, region.size);
        const stream = new StandardStream(this.arena, node, index);
        stream.next(block.address, sizeOf(region.size));
        stream.release();
        return block;
      }
      case "blocks":
        return this.#chunks.blocks(node, index, region, this);
      case "local": {
        const { localChunk } = await import("./local.ts");
        return localChunk(this, node, index, region);
      }
      default:
        return this.#chunks.chunk(node, index, region, this.arena);
    }
  }

  /** A box of a product: the pieces along the axis that is summed, one after the other. */
  async #product(node: Of<"matmul">, region: Region): Promise<Block> {
    const { arena } = this;
    const out = arena.zeros(node.dtype, region.size);
    const [left, right] = node.inputs;
    let from = 0;
    for (const length of this.program[left].chunks[1]) {
      const a = await operandBox(this, left, { start: [region.start[0], from], size: [region.size[0], length] });
      const b = await operandBox(this, right, { start: [from, region.start[1]], size: [length, region.size[1]] });
      await multiplyBy(node.gemm, arena, a, b, out, from === 0);
      arena.release(a.block);
      arena.release(b.block);
      from += length;
    }
    return out;
  }
}

/** Leaves whose boxes cost more than to keep them. */
const SHARED: ReadonlySet<string> = new Set(["random", "file", "kept", "input", "function"]);

function isTurned(node: ProgramNode): node is Of<"transpose"> {
  return node.op === "transpose" && node.axes.length === 2 && node.axes[0] === 1;
}

const turnedRegion = ({ start, size }: Region): Region => ({ start: start.toReversed(), size: size.toReversed() });

function copyVector(arena: Arena, dtype: DType, from: number, to: number, offset: number, count: number): void {
  const width = infoOf(dtype).bytes;
  copyStrided(
    arena.kernel,
    width,
    [count],
    { address: from, strides: [width] },
    { address: to + offset * width, strides: [width] },
  );
}
