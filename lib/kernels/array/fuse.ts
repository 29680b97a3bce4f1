import { infoOf, isFloat, type DType } from "../../collections/array/dtype.ts";
import { kernelOf, ufuncOf } from "../../collections/array/ufuncs.ts";
import { InternalError } from "../../errors.ts";
import type { Arena } from "./arena.ts";
import type { Program, ProgramNode } from "./program.ts";

/**
 * Element-wise functions fused: the steps that a tile of a box goes through. Every step reads and writes vectors of at most `TILE` elements that lie
 * in the caches, by loops compiled ahead; nothing as large as a chunk is made but what the caller wants.
 */
export const TILE = 4096;

/** Where a vector lies while a tile is computed: in a slot, or (leaves) wherever the leaf says. */
export type Register = number;

export interface FusedLeaf {
  readonly register: Register;
  /** The node's place in the program. */
  readonly place: number;
}

interface Step {
  readonly run: (...addresses: number[]) => void;
  readonly inputs: readonly Register[];
  readonly output: Register;
}

/** The steps for some nodes of a program. Registers are numbered; leaves and steps have one each. */
export class Fusion {
  readonly leaves: FusedLeaf[] = [];
  readonly roots: readonly Register[];
  readonly #steps: Step[] = [];
  readonly #program: Program;
  readonly #arena: Arena;
  readonly #registers = new Map<string, Register>();
  readonly #dtypes: DType[] = [];

  constructor(program: Program, roots: readonly number[], arena: Arena) {
    this.#program = program;
    this.#arena = arena;
    this.roots = roots.map((root) => this.#registerOf(root));
  }

  dtypeOf(register: Register): DType {
    return this.#dtypes[register];
  }

  /** Whether it does anything. */
  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /**
   * Gives each step's result a slot, as few as there are vectors alive at once, in `addresses`; those of leaves are the caller's. `kept` are
   * registers whose vectors must outlive the tile's steps.
   */
  place(addresses: number[]): void {
    const lastUse = new Map<Register, number>();
    for (const [i, { inputs }] of this.#steps.entries()) for (const input of inputs) lastUse.set(input, i);
    for (const root of this.roots) lastUse.set(root, Infinity);
    const free: number[] = [];
    const own = new Set<Register>();
    for (const [i, { inputs, output }] of this.#steps.entries()) {
      addresses[output] = free.pop() ?? this.#arena.bytes(8 * TILE);
      own.add(output);
      for (const input of new Set(inputs)) if (own.has(input) && lastUse.get(input) === i) free.push(addresses[input]);
    }
  }

  run(addresses: readonly number[], n: number): void {
    for (const { run, inputs, output } of this.#steps) {
      switch (inputs.length) {
        case 1:
          run(addresses[inputs[0]], addresses[output], n);
          break;
        case 2:
          run(addresses[inputs[0]], addresses[inputs[1]], addresses[output], n);
          break;
        default:
          run(addresses[inputs[0]], addresses[inputs[1]], addresses[inputs[2]], addresses[output], n);
      }
    }
  }

  /** The registers of what a root is made of, each behind its inputs. A loop: chains may be longer than the stack is deep. */
  #registerOf(root: number): Register {
    const open = [root];
    for (let place = open.at(-1); place !== undefined; place = open.at(-1)) {
      const node = this.#program[place];
      const needs = node.op === "map" || node.op === "cast" ? node.inputs : [];
      const missing = needs.filter((input) => !this.#registers.has(String(input)));
      open.push(...missing);
      if (missing.length > 0) continue;
      open.pop();
      const key = String(place);
      if (!this.#registers.has(key)) this.#registers.set(key, this.#made(place, node));
    }
    return this.#of(root);
  }

  #made(place: number, node: ProgramNode): Register {
    if (node.op === "map") return this.#mapped(node);
    if (node.op === "cast") return this.#cast(this.#of(node.inputs[0]), node.dtype);
    return this.#leaf(place, node);
  }

  /** Of a node that has one. */
  #of(place: number): Register {
    const register = this.#registers.get(String(place));
    if (register === undefined) throw new InternalError("A node was fused before its inputs.");
    return register;
  }

  #leaf(place: number, { dtype }: ProgramNode): Register {
    const register = this.#new(dtype);
    this.leaves.push({ register, place });
    return register;
  }

  #mapped(node: Extract<ProgramNode, { op: "map" }>): Register {
    const { fn, dtype } = node;
    const wanted = ufuncOf(fn).resolve(node.inputs.map((input) => this.#program[input].dtype)).inputs;
    const inputs = node.inputs.map((input, i) => this.#cast(this.#of(input), wanted[i]));
    const name = kernelOf(fn, wanted[wanted.length - 1]);
    return name === undefined ? inputs[0] : this.#step(name, inputs, dtype);
  }

  #cast(register: Register, dtype: DType): Register {
    const from = this.#dtypes[register];
    if (from === dtype) return register;
    const key = `${register}:${dtype}`;
    const known = this.#registers.get(key);
    if (known !== undefined) return known;
    const made = this.#step(`cast_${infoOf(from).code}_${infoOf(dtype).code}`, [register], dtype);
    this.#registers.set(key, made);
    return made;
  }

  #step(name: string, inputs: readonly Register[], dtype: DType): Register {
    const output = this.#new(dtype);
    this.#steps.push({ run: this.#arena.kernel.loop(name), inputs, output });
    return output;
  }

  #new(dtype: DType): Register {
    this.#dtypes.push(dtype);
    return this.#dtypes.length - 1;
  }
}

/** Fills a vector with a node's one value. */
export function fillWith(arena: Arena, node: Extract<ProgramNode, { op: "full" }>, address: number, n: number): void {
  const { dtype, value } = node;
  const loop = arena.kernel.fill(infoOf(dtype).code);
  if (dtype === "int64" || dtype === "uint64")
    loop(BigInt(typeof value === "number" ? Math.trunc(value) : value), address, n);
  else if (typeof value === "string" && !isFloat(dtype)) throw new InternalError(`${value} is no value of ${dtype}.`);
  else loop(Number(value), address, n);
}
