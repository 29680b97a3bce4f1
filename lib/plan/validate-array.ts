import type { Json } from "../errors.ts";
import { DTYPES, infoOf } from "../collections/array/dtype.ts";
import { sizeOf } from "../collections/array/shape.ts";
import { isUfunc, ufuncOf } from "../collections/array/ufuncs.ts";
import {
  amountAt,
  arrayAt,
  booleanAt,
  objectAt,
  oneOfAt,
  refuse,
  textAt,
  wholeAt,
  type PlainObject,
} from "../collections/plain.ts";

/** Checks the parameters of "array.run", "array.combine" and the fold "array.reduce". Work in proportion to the program and its grids, never to tasks' elements. */

/** How many inputs each operation has; undefined: one or more. */
const INPUTS: Readonly<Record<string, number | undefined>> = {
  ...{ full: 0, affine: 0, eye: 0, random: 0, drawn: 0, data: 0, function: 0, file: 0, kept: 0, input: 0, received: 0 },
  ...{
    cast: 1,
    slice: 1,
    transpose: 1,
    reshape: 1,
    broadcast: 1,
    take: 1,
    counts: 1,
    rechunk: 1,
    cumulate: 1,
    along: 1,
  },
  ...{ select: 2, matmul: 2, map: undefined, concat: undefined, local: undefined, blocks: undefined },
};
const OPS = Object.keys(INPUTS);

export function checkArrayRun(params: PlainObject, path: string): void {
  objectAt(params, path, ["program", "grid", "order", "pairs", "sink"]);
  const program = arrayAt(params["program"], `${path}.program`);
  program.forEach((node, i) => checkNode(objectAt(node, `${path}.program[${i}]`), `${path}.program[${i}]`, program, i));
  checkChunks(params["grid"], `${path}.grid`);
  if (params["order"] !== undefined)
    checkOrder(params["order"], arrayAt(params["grid"], `${path}.grid`).length, `${path}.order`);
  if (params["pairs"] !== undefined) checkPairs(params, path);
  checkSink(objectAt(params["sink"], `${path}.sink`), `${path}.sink`, program.length);
}

function checkPairs({ pairs, grid, sink }: PlainObject, path: string): void {
  if (pairs !== true) refuse(`${path}.pairs`, "true", pairs as Json);
  const [rows, columns, ...more] = arrayAt(grid, `${path}.grid`);
  if (more.length > 0 || JSON.stringify(rows) !== JSON.stringify(columns))
    refuse(`${path}.grid`, "two axes with the same chunks, for pairs", grid as Json);
  const to = objectAt(sink, `${path}.sink`)["to"];
  if (to !== "reduce") refuse(`${path}.sink.to`, "reduce, for pairs", to as Json);
}

export function checkArrayFold(params: PlainObject, path: string): void {
  objectAt(params, path, ["reductions"]);
  arrayAt(params["reductions"], `${path}.reductions`).forEach((one, i) =>
    checkReduction(objectAt(one, `${path}.reductions[${i}]`), `${path}.reductions[${i}]`),
  );
}

export function checkArrayCombine(params: PlainObject, path: string): void {
  objectAt(params, path, ["stage", "partials", "fan", "reduction", "dtype", "count", "finish"]);
  textAt(params["stage"], `${path}.stage`);
  for (const name of ["partials", "count"]) wholeAt(params[name], `${path}.${name}`);
  wholeAt(params["fan"], `${path}.fan`, 1);
  oneOfAt(params["dtype"], `${path}.dtype`, DTYPES);
  checkReduction(objectAt(params["reduction"], `${path}.reduction`), `${path}.reduction`);
  if (params["finish"] !== undefined) checkChunks(params["finish"], `${path}.finish`);
}

function checkNode(node: PlainObject, path: string, program: readonly unknown[], place: number): void {
  const op = oneOfAt(node["op"], `${path}.op`, OPS);
  const dtype = oneOfAt(node["dtype"], `${path}.dtype`, DTYPES);
  const shape = wholesAt(node["shape"], `${path}.shape`);
  checkChunks(node["chunks"], `${path}.chunks`, shape);
  const inputs = node["inputs"] === undefined ? [] : wholesAt(node["inputs"], `${path}.inputs`);
  const expected = op === "map" ? mapInputs(node, path) : INPUTS[op];
  if (expected === undefined ? inputs.length === 0 : inputs.length !== expected)
    refuse(`${path}.inputs`, `${expected ?? "one or more"} inputs of ${op}`, inputs.length);
  // Each behind its inputs: so there are no cycles.
  for (const [i, input] of inputs.entries())
    if (input >= place) refuse(`${path}.inputs[${i}]`, "the place of a node before it", input);
  const shapeOf = (input: number) => arrayAt(objectAt(program[input], path)["shape"], path);
  if (node["grid"] !== undefined) checkChunks(node["grid"], `${path}.grid`, shape);
  if (op === "matmul") checkGemm(node, path);
  switch (op) {
    case "transpose":
      return checkOrder(node["axes"], shape.length, `${path}.axes`);
    case "slice":
      return checkSlice(node, path, shape.length, shapeOf(inputs[0]).length);
    case "take":
    case "concat":
    case "select":
    case "cumulate":
    case "along":
      return checkAxis(node["axis"], shape.length, `${path}.axis`);
    case "data": {
      const bytes = Buffer.byteLength(textAt(node["base64"], `${path}.base64`), "base64");
      const wanted = sizeOf(shape) * infoOf(dtype).bytes;
      if (bytes !== wanted) refuse(`${path}.base64`, `${wanted} bytes in base64`, bytes);
    }
  }
}

function mapInputs(node: PlainObject, path: string): number {
  const fn = textAt(node["fn"], `${path}.fn`);
  return isUfunc(fn) ? ufuncOf(fn).inputs : refuse(`${path}.fn`, "the name of an element-wise function", fn);
}

function checkSlice(node: PlainObject, path: string, rank: number, inputRank: number): void {
  for (const name of ["axes", "start", "step"]) {
    const list = arrayAt(node[name], `${path}.${name}`);
    if (list.length !== rank || !list.every(Number.isSafeInteger))
      refuse(`${path}.${name}`, `${rank} whole numbers, one for each axis`, list.length);
  }
  if (arrayAt(node["at"], `${path}.at`).length !== inputRank)
    refuse(`${path}.at`, `${inputRank} whole numbers, one for each axis of the input`, node["at"] as number[]); // a list, just checked
}

function checkSink(sink: PlainObject, path: string, nodes: number): void {
  const to = oneOfAt(sink["to"], `${path}.to`, ["block", "reduce", "sections", "whole", "write"]);
  if (to === "reduce") return checkArrayFold({ reductions: sink["reductions"] }, path);
  const roots = to === "whole" ? arrayAt(sink["roots"], `${path}.roots`) : [sink["root"]];
  for (const root of roots) {
    const place = wholeAt(root, `${path}.root`);
    if (place >= nodes) refuse(`${path}.root`, `the place of one of the ${nodes} nodes`, place);
  }
  if (to === "sections") checkChunks(sink["grid"], `${path}.grid`);
}

const KINDS = ["axes", "gram", "product", "histogram", "bincount", "unique", "digits"];

function checkReduction(one: PlainObject, path: string): void {
  const kind = oneOfAt(one["kind"], `${path}.kind`, KINDS);
  oneOfAt(one["dtype"], `${path}.dtype`, DTYPES);
  checkChunks(one["chunks"], `${path}.chunks`);
  if (kind === "product") checkGemm(one, path);
  if (kind === "axes") {
    textAt(one["fn"], `${path}.fn`);
    wholesAt(one["axes"], `${path}.axes`);
  }
  if (kind === "gram") {
    booleanAt(one["centred"], `${path}.centred`);
    if (one["divisor"] !== undefined) amountAt(one["divisor"], `${path}.divisor`);
  }
  for (const name of kind === "product" ? ["left", "right"] : ["root"]) wholeAt(one[name], `${path}.${name}`);
}

/** The other library multiplies floats only. */
function checkGemm({ gemm, dtype }: PlainObject, path: string): void {
  if (gemm === undefined) return;
  oneOfAt(gemm, `${path}.gemm`, ["onnxruntime"]);
  oneOfAt(dtype, `${path}.dtype`, ["float64", "float32"]);
}

function checkChunks(value: unknown, path: string, shape?: readonly number[]): void {
  const axes = arrayAt(value, path).map((axis, i) => wholesAt(axis, `${path}[${i}]`));
  if (shape === undefined) return;
  if (axes.length !== shape.length) refuse(path, `lengths for ${shape.length} axes`, axes.length);
  for (const [i, axis] of axes.entries()) {
    const sum = axis.reduce((total, length) => total + length, 0);
    if (sum !== shape[i]) refuse(`${path}[${i}]`, `lengths that add up to ${shape[i]}`, sum);
  }
}

function checkOrder(value: unknown, rank: number, path: string): void {
  const axes = wholesAt(value, path);
  if (axes.length !== rank || new Set(axes).size !== rank || axes.some((axis) => axis >= rank))
    refuse(path, `each of the ${rank} axes once`, axes);
}

function checkAxis(value: unknown, rank: number, path: string): void {
  const axis = wholeAt(value, path);
  if (axis >= rank) refuse(path, `one of the ${rank} axes`, axis);
}

function wholesAt(value: unknown, path: string): number[] {
  return arrayAt(value, path).map((one, i) => wholeAt(one, `${path}[${i}]`));
}
