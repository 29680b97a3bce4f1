import type { Table, tableFromIPC, tableToIPC } from "apache-arrow";
import { createRequire } from "node:module";
import { fill, withHoles, type Hole } from "./callables/holes.ts";

/**
 * Apache Arrow tables in values, as Arrow IPC streams: structured clone would lose their classes, or refuse them. A value that is
 * a table, or an array or plain object with tables somewhere inside, is written behind its first byte as
 *
 *     count, (length, path, length, stream)*, the value without its tables       count and lengths: u32, little-endian; path: JSON
 *
 * Arrow's library is loaded when the first table is met. A value is searched for tables only where this library has loaded it.
 */
interface Arrow {
  readonly Table: typeof Table;
  readonly tableFromIPC: typeof tableFromIPC;
  readonly tableToIPC: typeof tableToIPC;
}

interface Found {
  /** There may be tables in this thread. */
  met: boolean;
  arrow?: Arrow;
}

/** One a thread, for all copies of this library in it. */
const FOUND = Symbol.for("abanico.arrow");
const shared = globalThis as { [FOUND]?: Found };
const found: Found = (shared[FOUND] ??= { met: false });

/** To be called where tables are made. */
export function expectTables(): void {
  found.met = true;
}

/** Undefined: tables can be read and written at once. Otherwise resolves when they can. */
export function whenReadable(bytes: Uint8Array, tag: number): Promise<void> | undefined {
  return bytes[0] !== tag || found.arrow !== undefined ? undefined : loadTables();
}

/** Loads Arrow's library by `import`, which a bundler follows; where it is not, the first table that is met loads it from node_modules. */
export async function loadTables(): Promise<void> {
  const { Table, tableFromIPC, tableToIPC } = await import("apache-arrow");
  found.met = true;
  found.arrow ??= { Table, tableFromIPC, tableToIPC };
}

/** The library at once: the very modules that `import` gives, so that classes are the same. */
function arrowNow(): Arrow {
  if (found.arrow !== undefined) return found.arrow;
  const require = createRequire(import.meta.url);
  // The package gives `require` another copy, which lies beside the one for `import`. The cast is what its types say.
  const arrow = require(require.resolve("apache-arrow").replace(/\.js$/, ".mjs")) as Arrow;
  found.met = true;
  return (found.arrow = arrow);
}

/** The bytes behind a first byte `tag`; undefined where there is no table in the value. @throws DataCloneError for a table of another copy of apache-arrow. */
export function encodeTables(
  value: object,
  tag: number,
  encodeValue: (value: unknown) => Uint8Array,
): Uint8Array | undefined {
  if (!isTable(value) && !(found.met && holdsTable(value))) return undefined;
  const holes: Hole<Table>[] = [];
  if (isTable(value)) holes.push({ path: [], ref: value });
  const rest = encodeValue(
    holes.length > 0 ? undefined : withHoles(value, (part) => (isTable(part) ? part : undefined), holes),
  );
  const parts = [Buffer.of(tag), count(holes.length)];
  for (const { path, ref } of holes) {
    const name = Buffer.from(JSON.stringify(path));
    const stream = streamOf(ref);
    parts.push(
      count(name.length),
      name,
      count(stream.length),
      Buffer.from(stream.buffer, stream.byteOffset, stream.length),
    );
  }
  const bytes = Buffer.concat([...parts, rest]);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function decodeTables(bytes: Uint8Array, decodeValue: (bytes: Uint8Array) => unknown): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 1;
  const length = () => view.getUint32((at += 4) - 4, true);
  // A copy: Arrow reads from ordinary memory, and its buffers begin at multiples of 8 bytes.
  const block = (size: number) => bytes.slice(at, (at += size));
  const holes: Hole<Table>[] = [];
  for (let left = length(); left > 0; left--) {
    // The encoder wrote a path.
    const path = JSON.parse(new TextDecoder().decode(block(length()))) as Hole<Table>["path"];
    holes.push({ path, ref: arrowNow().tableFromIPC(block(length())) });
  }
  const value = decodeValue(bytes.subarray(at));
  for (const { path, ref } of holes) {
    if (path.length === 0) return ref;
    fill(value, path, ref);
  }
  return value;
}

function streamOf(table: Table): Uint8Array {
  const arrow = arrowNow();
  if (table instanceof arrow.Table) return arrow.tableToIPC(table, "stream");
  throw new DOMException(
    "A Table of another copy of apache-arrow than abanico's could not be cloned. Pass its IPC bytes, tableToIPC(table), or install one version.",
    "DataCloneError",
  );
}

function isTable(value: object): value is Table {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) return false;
  return "batches" in value && "schema" in value && "getChildAt" in value && Array.isArray(value.batches);
}

/** In arrays and plain objects. A loop: values may be nested deeper than the stack. */
function holdsTable(root: object): boolean {
  const seen = new Set<object>([root]);
  for (const part of seen) {
    if (isTable(part)) return true;
    if (!Array.isArray(part) && Object.getPrototypeOf(part) !== Object.prototype) continue;
    const inside: unknown[] = Object.values(part);
    for (const inner of inside) if (typeof inner === "object" && inner !== null) seen.add(inner);
  }
  return false;
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
