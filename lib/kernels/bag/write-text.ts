import { TypeMismatchError } from "../../errors.ts";
import { schemeOf } from "../../store/urls.ts";
import type { TaskContext } from "../kernel.ts";
import { ChunkWriter } from "./chunks.ts";
import type { Gather } from "./gather.ts";
import type { BagSink } from "./params.ts";
import { showItem, type Place } from "./user-errors.ts";

/** Bytes of text that are gathered before they are encoded. */
const PIECE = 1 << 20;

/** What the task of a partition gives. Bytes are there where only the client's store can take them (`memory:`). */
export interface WrittenText {
  readonly url: string;
  readonly bytes?: Uint8Array;
}

/** Writes a partition's lines as one object, whole; the same again where the task runs twice. */
export function writeGather(
  { url, digits }: Extract<BagSink, { to: "write" }>,
  { part, partition }: Place,
  { store, signal }: TaskContext,
): Gather {
  const target = url.replace("*", String(part).padStart(digits, "0"));
  const pieces: Buffer[] = [];
  let lines: string[] = [];
  let open = 0;
  let count = 0;
  const flush = () => {
    if (lines.length > 0) pieces.push(Buffer.from(`${lines.join("\n")}\n`));
    lines = [];
    open = 0;
  };
  return {
    full: false,
    push(items) {
      for (const item of items) {
        if (typeof item !== "string")
          throw new TypeMismatchError(
            `writeText(…) expects strings, found ${showItem(item)} (item ${count} of ${partition}).`,
            {
              fields: { index: count, partition },
              fix: "map the items to text first: .map((x) => JSON.stringify(x)).",
            },
          );
        lines.push(item);
        open += item.length;
        count++;
        if (open >= PIECE) flush();
      }
    },
    async finish(failures) {
      flush();
      const bytes = Buffer.concat(pieces);
      // What a thread puts into its memory store, nobody else sees: the client puts it.
      const isOwn = schemeOf(target) === "memory";
      if (!isOwn) await store.put(target, bytes, { signal });
      const writer = new ChunkWriter();
      const written: WrittenText = isOwn ? { url: target, bytes: new Uint8Array(bytes) } : { url: target };
      writer.add([written], 1, failures);
      return { value: writer.finish(), recordsOut: count };
    },
  };
}
