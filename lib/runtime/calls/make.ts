import { hash } from "node:crypto";
import { asData, type Argument } from "../../callables/arguments.ts";
import type { Travelling } from "../../collections/travelling.ts";
import { encodeResult } from "../../callables/travel.ts";
import type { CallHandle, CallOptions, GraphCall } from "./calls.ts";
import { FunctionTable, contentKey, type KnownFunction } from "./functions.ts";
import { Handle, type NodeHost } from "./handle.ts";
import { CallNode, type NodeOptions } from "./node.ts";

const NONE: readonly never[] = [];
const DEFAULTS: NodeOptions = { priority: 0, retries: 0, timeoutMs: undefined, lane: undefined, broadcast: false };

/** What all calls of a graph have, where their own options do not say otherwise. */
interface Common {
  readonly priority?: number;
  readonly lane?: number;
}

/** Nodes for a graph: those that are there under their keys, and fresh ones, each behind what it needs. */
export interface Made {
  readonly nodes: readonly CallNode[];
  readonly fresh: readonly CallNode[];
}

/** Makes nodes of calls. They are not in the ledger yet. */
export class Maker {
  readonly #host: NodeHost;
  readonly #byKey: Map<string, CallNode>;
  readonly #computed: (collection: Travelling) => Promise<Uint8Array>;
  readonly #functions = new FunctionTable();
  #ids = 0;

  constructor(host: NodeHost, byKey: Map<string, CallNode>, computed: (collection: Travelling) => Promise<Uint8Array>) {
    this.#host = host;
    this.#byKey = byKey;
    this.#computed = computed;
  }

  make(graph: readonly GraphCall[], common: Common = {}): Made {
    const nodes: CallNode[] = [];
    const fresh: CallNode[] = [];
    // Handles of other clients: their results are awaited.
    const foreign = new Map<CallHandle, CallNode>();
    const nodeOf = (ref: number | CallHandle): CallNode => {
      if (typeof ref === "number") return nodes[ref];
      if (ref instanceof Handle && ref.host === this.#host) return ref.node;
      let node = foreign.get(ref);
      if (node === undefined) {
        foreign.set(ref, (node = this.held(async () => encodeResult(await ref.result(), ref.key))));
        fresh.push(node);
      }
      return node;
    };
    const optionsOf = resolver(common);
    // By index: see ledger.ts.
    for (let i = 0; i < graph.length; i++) {
      const { fn: ref, args: given, options, collection } = graph[i];
      if (collection !== undefined) {
        const node = this.held(() => this.#computed(collection));
        nodes.push(node);
        fresh.push(node);
        continue;
      }
      const fn = ref === undefined ? undefined : this.#functions.intern(ref);
      const { args, needs } = withNodes(given, nodeOf);
      const key = keyOf(fn, args, options);
      const known = key === undefined ? undefined : this.#byKey.get(key);
      if (known !== undefined) {
        nodes.push(known);
        continue;
      }
      const node = new CallNode(this.#ids++, fn, args, needs, key, optionsOf(options), undefined);
      if (key !== undefined) this.#byKey.set(key, node);
      nodes.push(node);
      fresh.push(node);
    }
    return { nodes, fresh };
  }

  /** For a value that is no call's. */
  held(bytes: () => Promise<Uint8Array>, abandon?: () => void): CallNode {
    const elsewhere = abandon === undefined ? { bytes } : { bytes, abandon };
    return new CallNode(this.#ids++, undefined, NONE, NONE, undefined, DEFAULTS, elsewhere);
  }
}

/** Calls that were given the same options object share theirs. */
function resolver(common: Common): (options: CallOptions | undefined) => NodeOptions {
  const bare = { ...DEFAULTS, ...common };
  let last: CallOptions | undefined;
  let resolved: NodeOptions = bare;
  return (options) => {
    if (options === last) return resolved;
    last = options;
    resolved = options === undefined ? bare : resolve(options, bare);
    return resolved;
  };
}

function resolve(options: CallOptions, bare: NodeOptions): NodeOptions {
  const { priority = bare.priority, retries = 0, timeoutMs, broadcast = false } = options;
  return { priority, retries, timeoutMs, lane: bare.lane, broadcast };
}

type GivenArgument = Argument<number | CallHandle>;

interface Needy {
  readonly args: readonly Argument<CallNode>[];
  readonly needs: readonly CallNode[];
}

function withNodes(given: readonly GivenArgument[], nodeOf: (ref: number | CallHandle) => CallNode): Needy {
  if (arePlain(given)) return { args: given, needs: NONE };
  if (given.length <= 2) return withFew(given, nodeOf) ?? withMany(given, nodeOf);
  return withMany(given, nodeOf);
}

/** One or two arguments without holes, as most calls have: a set and closures for each of a million of them would be felt. */
function withFew(given: readonly GivenArgument[], nodeOf: (ref: number | CallHandle) => CallNode): Needy | undefined {
  const args: Argument<CallNode>[] = [];
  const needs: CallNode[] = [];
  for (let i = 0; i < given.length; i++) {
    const argument = given[i];
    if (isPlain(argument)) {
      args.push(argument);
      continue;
    }
    if (typeof argument === "number" || argument.value !== undefined) return undefined;
    const ref = nodeOf(argument.ref);
    args.push({ ref });
    if (needs[0] !== ref) needs.push(ref);
  }
  return { args, needs };
}

function withMany(given: readonly GivenArgument[], nodeOf: (ref: number | CallHandle) => CallNode): Needy {
  const needs = new Set<CallNode>();
  const needed = (ref: number | CallHandle): CallNode => {
    const node = nodeOf(ref);
    needs.add(node);
    return node;
  };
  const args = given.map((argument): Argument<CallNode> => {
    if (typeof argument === "number") return argument;
    if (argument.value === undefined) return { ref: needed(argument.ref) };
    const { value, holes } = argument;
    return holes === undefined
      ? { value }
      : { value, holes: holes.map(({ path, ref }) => ({ path, ref: needed(ref) })) };
  });
  return { args, needs: [...needs] };
}

function arePlain(given: readonly GivenArgument[]): given is readonly Argument<never>[] {
  for (let i = 0; i < given.length; i++) if (!isPlain(given[i])) return false;
  return true;
}

/** Then it is an argument for any kind of ref. */
function isPlain(argument: Argument<unknown>): argument is Argument<never> {
  return typeof argument === "number" || (argument.value !== undefined && argument.holes === undefined);
}

function keyOf(
  fn: KnownFunction | undefined,
  args: readonly Argument<CallNode>[],
  options: CallOptions | undefined,
): string | undefined {
  if (options === undefined) return undefined;
  if (options.key !== undefined) return options.key;
  return options.pure === true && fn !== undefined ? keyOfContent(fn, args) : undefined;
}

/** The same for the same function and the same arguments: by content, and for results of others by which call. */
function keyOfContent(fn: KnownFunction, args: readonly Argument<CallNode>[]): string {
  const parts: string[] = [contentKey(fn)];
  for (const argument of args.map(asData)) {
    if (argument.value === undefined) parts.push(`ref ${argument.ref.id}`);
    else {
      const { value, holes = [] } = argument;
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      parts.push(value.byteLength <= 64 ? bytes.toString("latin1") : hash("sha256", bytes));
      for (const { path, ref } of holes) parts.push(`hole ${JSON.stringify(path)} ${ref.id}`);
    }
  }
  // Lengths first, so that no two lists of parts are one text.
  return `${fn.name}-${hash("sha256", `${parts.map(({ length }) => length).join()}\n${parts.join("")}`).slice(0, 32)}`;
}
