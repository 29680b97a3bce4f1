import { InternalError, PlanError, type Json, type JsonObject } from "../../errors.ts";
import { callableAt, valueAt } from "../bag/json-nodes.ts";
import { arrayAt, booleanAt, objectAt, oneOfAt, refuse, textAt, wholeAt, type PlainObject } from "../plain.ts";
import { ChunkedArray } from "./chunked-array.ts";
import { checkChunks } from "./chunks.ts";
import { DTYPES, infoOf } from "./dtype.ts";
import { inOrder, inputsOf } from "./graph.ts";
import type { ArrayNode } from "./nodes.ts";
import { sizeOf } from "./shape.ts";
import { isUfunc } from "./ufuncs.ts";

/**
 * An array as plain JSON: its nodes in an order in which each comes behind its inputs, which it names by their places in the list. The last is
 * the array. So what is shared stays shared.
 */
export interface ArrayJson {
  readonly abanico: typeof ARRAY_VERSION;
  readonly array: { readonly nodes: readonly JsonObject[]; readonly scalar?: true };
}

export const ARRAY_VERSION = 1;

/** @throws PlanError for what a client's workers keep */
export function arrayToJson(root: ArrayNode, scalar: boolean): ArrayJson {
  const nodes = inOrder([root], inputsOf);
  const places = new Map(nodes.map((node, i) => [node, i]));
  const json = nodes.map((node): JsonObject => {
    if (node.op === "kept")
      throw new PlanError(
        "A persisted array cannot be written as JSON: its chunks are with the workers of one client.",
        {
          fix: "write the description before persist(), or write the array to a file and read that.",
        },
      );
    const inputs = inputsOf(node).map((input) => {
      const place = places.get(input);
      if (place === undefined) throw new InternalError("An array's graph lost a node.");
      return place;
    });
    const rest = node.op === "data" ? { ...node, bytes: Buffer.from(node.bytes).toString("base64") } : node;
    return { ...rest, ...(inputs.length > 0 ? { inputs } : {}) } as unknown as JsonObject; // nodes are plain but for their inputs
  });
  return { abanico: ARRAY_VERSION, array: { nodes: json, ...(scalar ? { scalar: true } : {}) } };
}

/** @throws PlanError whose `fields.path` says where it is not well formed */
export function arrayFromJson(value: unknown): ChunkedArray {
  const json = objectAt(value, "", ["abanico", "array"]);
  if (json["abanico"] !== ARRAY_VERSION)
    refuse("abanico", `the version ${ARRAY_VERSION} of pipelines`, json["abanico"]);
  const array = objectAt(json["array"], "array", ["nodes", "scalar"]);
  const nodes: ArrayNode[] = [];
  for (const [i, item] of arrayAt(array["nodes"], "array.nodes").entries())
    nodes.push(nodeAt(item, `array.nodes[${i}]`, nodes));
  const root = nodes.at(-1);
  if (root === undefined) refuse("array.nodes", "at least one node", nodes);
  return new ChunkedArray(root, array["scalar"] === undefined ? false : booleanAt(array["scalar"], "array.scalar"));
}

const OPS = [
  "full",
  "affine",
  "eye",
  "random",
  "drawn",
  "data",
  "function",
  "file",
  "map",
  "cast",
  "slice",
  "transpose",
  "reshape",
  "broadcast",
  "concat",
  "take",
  "select",
  "counts",
  "rechunk",
  "reduce",
  "cumulate",
  "along",
  "matmul",
  "gram",
  "histogram",
  "bincount",
  "digits",
  "unique",
  "local",
  "whole",
  "blocks",
] as const;

/** What every node has is checked; the rest is checked where it is lowered, and by the kernels. */
function nodeAt(value: unknown, path: string, before: readonly ArrayNode[]): ArrayNode {
  const node = objectAt(value, path);
  const op = oneOfAt(node["op"], `${path}.op`, OPS);
  const shape = arrayAt(node["shape"], `${path}.shape`).map((length, i) => wholeAt(length, `${path}.shape[${i}]`));
  const dtype = oneOfAt(node["dtype"], `${path}.dtype`, DTYPES);
  const chunks = arrayAt(node["chunks"], `${path}.chunks`).map((axis, i) =>
    arrayAt(axis, `${path}.chunks[${i}]`).map((length, j) => wholeAt(length, `${path}.chunks[${i}][${j}]`)),
  );
  checkChunks(chunks, shape, dtype);
  const inputs = (node["inputs"] === undefined ? [] : arrayAt(node["inputs"], `${path}.inputs`)).map((place, i) => {
    const at = wholeAt(place, `${path}.inputs[${i}]`);
    return at < before.length ? before[at] : refuse(`${path}.inputs[${i}]`, "the place of a node before it", at);
  });
  if (op === "map" && !isUfunc(textAt(node["fn"], `${path}.fn`)))
    refuse(`${path}.fn`, "the name of an element-wise function", node["fn"] as Json);
  return {
    ...node,
    shape,
    dtype,
    chunks,
    ...bytesAt(node, path, op, shape, dtype),
    ...functionAt(node, path, op),
    ...(inputs.length > 0 ? { inputs } : {}),
  } as unknown as ArrayNode; // checked above
}

function bytesAt(
  node: PlainObject,
  path: string,
  op: string,
  shape: readonly number[],
  dtype: ArrayNode["dtype"],
): object {
  if (op !== "data") return {};
  const bytes = new Uint8Array(Buffer.from(textAt(node["bytes"], `${path}.bytes`), "base64"));
  const expected = sizeOf(shape) * infoOf(dtype).bytes;
  if (bytes.byteLength !== expected)
    refuse(`${path}.bytes`, `${expected} bytes in base64`, `${bytes.byteLength} bytes`);
  return { bytes };
}

/** A user's function, and what it gets behind its blocks. */
function functionAt(node: PlainObject, path: string, op: string): object {
  if (op !== "function" && op !== "blocks") return {};
  const args = arrayAt(node["args"], `${path}.args`).map((arg, i) => valueAt(arg, `${path}.args[${i}]`));
  return { fn: callableAt(node["fn"], `${path}.fn`), args };
}
