import type { Table } from "apache-arrow";
import { refOf } from "../../callables/describe.ts";
import type { Callable, CallableRef } from "../../callables/reference.ts";
import { OptionError } from "../../errors.ts";
import type { ValueJson } from "../../values-json.ts";
import { describedValue } from "../bag/describe.ts";
import { callableAt, valueAt } from "../bag/json-nodes.ts";
import { knownKeys, parseBytes, wholeNumber } from "../options.ts";
import { arrayAt, objectAt, oneOfAt, textAt, wholeAt, type PlainObject } from "../plain.ts";
import { SCALAR_TYPES, type ScalarType, type Schema } from "../schema.ts";
import type { FrameNode } from "./nodes.ts";
import { notOneOf } from "./one-of.ts";

/** Operations on a frame's partitions, as plain data. */
export type PartitionOperation = MapNode | RepartitionNode;

export interface MapNode {
  readonly kind: "mapPartitions";
  readonly input: FrameNode;
  readonly fn: CallableRef;
  /** What the function gets behind the rows. */
  readonly args: readonly ValueJson[];
  /** The columns that come out. Absent: found by calling the function on made-up rows. */
  readonly schema?: Schema;
}

/** One of the two. */
export interface RepartitionNode {
  readonly kind: "repartition";
  readonly input: FrameNode;
  readonly partitions?: number;
  /** Of rows in memory, a partition. */
  readonly bytes?: number;
}

export interface MapOptions {
  /** The columns that come out, in order, by name. */
  readonly schema: Readonly<Record<string, ScalarType>>;
}

/**
 * What a function makes of a partition: a table, a list of rows, or columns by name (of equal lengths). In the latter two dates and timestamps are `Date`s,
 * texts as ISO 8601 has them, or numbers of ms since 1970, as Arrow gives them.
 */
export type MappedRows = Table | readonly object[] | Readonly<Record<string, ArrayLike<unknown>>>;

export function mapNode(input: FrameNode, fn: Callable, given: readonly unknown[]): MapNode {
  const last = given[given.length - 1];
  const options = isOptions(last) ? last : undefined;
  const args = options === undefined ? given : given.slice(0, -1);
  const schema = options === undefined ? undefined : schemaOption(options.schema);
  return {
    kind: "mapPartitions",
    input,
    fn: refOf(fn, "mapPartitions(…)"),
    args: args.map((arg) => describedValue(arg, "mapPartitions(…)")),
    ...(schema === undefined ? {} : { schema }),
  };
}

function isOptions(value: unknown): value is MapOptions {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.keys(value).join() === "schema";
}

function schemaOption(types: unknown): Schema {
  const entries = typeof types === "object" && types !== null ? Object.entries(types) : [];
  if (entries.length === 0)
    throw new OptionError("mapPartitions(…) option schema expects types by column.", {
      fix: 'write { schema: { id: "int64", name: "string" } }.',
    });
  return entries.map(([name, found]) => {
    const type = SCALAR_TYPES.find((known) => known === found);
    if (type !== undefined) return { name, type };
    throw notOneOf(`mapPartitions(…) option schema["${name}"]`, SCALAR_TYPES, found);
  });
}

export interface RepartitionOptions {
  /** How many partitions. */
  readonly partitions?: number;
  /** About so many bytes of rows in memory a partition, as a number or "64MB". */
  readonly bytes?: number | string;
}

export function repartitionNode(input: FrameNode, into: number | RepartitionOptions): RepartitionNode {
  const options = typeof into === "object" ? into : { partitions: into };
  knownKeys(options, ["partitions", "bytes"], "repartition(…)");
  const { partitions, bytes } = options;
  if ((partitions === undefined) === (bytes === undefined))
    throw new OptionError("repartition(…) expects either partitions, or bytes.", {
      fix: 'write repartition(8), or repartition({ bytes: "64MB" }).',
    });
  if (bytes !== undefined)
    return { kind: "repartition", input, bytes: parseBytes(bytes, "repartition(…) option bytes") };
  return { kind: "repartition", input, partitions: wholeNumber(partitions ?? 1, "repartition(…)", 1) };
}

export const PARTITION_FIELDS = {
  mapPartitions: ["fn", "args", "schema"],
  repartition: ["partitions", "bytes"],
} as const satisfies Record<PartitionOperation["kind"], readonly string[]>;

/** An operation over `input`, from plain data. */
export function partitionsAt(
  kind: PartitionOperation["kind"],
  node: PlainObject,
  input: FrameNode,
  path: string,
): PartitionOperation {
  if (kind === "repartition") {
    if (node["bytes"] === undefined)
      return { kind, input, partitions: wholeAt(node["partitions"], `${path}.partitions`, 1) };
    return { kind, input, bytes: wholeAt(node["bytes"], `${path}.bytes`, 1) };
  }
  return {
    kind,
    input,
    fn: callableAt(node["fn"], `${path}.fn`),
    args: arrayAt(node["args"], `${path}.args`).map((arg, i) => valueAt(arg, `${path}.args[${i}]`)),
    ...(node["schema"] === undefined ? {} : { schema: fieldsAt(node["schema"], `${path}.schema`) }),
  };
}

function fieldsAt(value: unknown, path: string): Schema {
  return arrayAt(value, path).map((field, i) => {
    const { name, type } = objectAt(field, `${path}[${i}]`, ["name", "type"]);
    return { name: textAt(name, `${path}[${i}].name`), type: oneOfAt(type, `${path}[${i}].type`, SCALAR_TYPES) };
  });
}
