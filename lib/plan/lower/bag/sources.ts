import type { BagSource } from "../../../collections/bag/nodes.ts";
import type { Json } from "../../../errors.ts";
import type { ValuesItem } from "../../../kernels/bag/params.ts";
import { expandSources } from "../../../store/glob.ts";
import type { Store } from "../../../store/store.ts";
import { toAddress } from "../../../store/urls.ts";
import { READ_AHEAD_BYTES } from "../../../store/with-read-ahead.ts";
import { valueToJson } from "../../../values-json.ts";
import { resolveText } from "../../source/text.ts";
import type { Pending } from "./pending.ts";

/** Windows of text, their strings and lines. */
const TEXT_BYTES = 4 * 1024 * 1024;

/** What a bag's source turns out to be: files are listed. */
export async function openSource(node: BagSource, store: Store, signal?: AbortSignal): Promise<Pending> {
  switch (node.kind) {
    case "sequence":
      return ofValues(node.parts.map((values, part) => ({ part, values })));
    case "glob": {
      const infos = await expandSources(store, node.paths, process.cwd(), signal);
      return ofValues(infos.map(({ url }, part) => ({ part, values: valueToJson([toAddress(url)]) })));
    }
    case "kept": {
      const taskBytes = Math.ceil(node.bytes / Math.max(1, node.refs.length));
      return {
        stages: [],
        tasks: { kind: "refs", refs: node.refs },
        reader: { from: "chunks" },
        steps: [],
        bytes: node.bytes,
        taskBytes,
        bytesIn: node.bytes,
        readBytes: { "kept items": taskBytes + 4 * Math.min(taskBytes, 16e6) },
      };
    }
    case "text":
    case "jsonLines": {
      const { sources, blockSize, firsts, bytes } = await resolveText(node.paths, node.options, store, signal);
      const { encodingErrors = "error" } = node.options;
      const isRemote = sources.some(({ url }) => !/^(file|memory):/.test(url));
      return {
        stages: [],
        tasks: { kind: "ranges", sources, blockSize },
        reader:
          node.kind === "text"
            ? { from: "text", encodingErrors }
            : { from: "jsonLines", encodingErrors, onError: node.onError },
        firsts,
        steps: [],
        bytes,
        taskBytes: Math.min(1.5 * blockSize, bytes),
        bytesIn: bytes,
        readBytes: { "lines of a block": TEXT_BYTES, ...(isRemote ? { "read ahead": READ_AHEAD_BYTES } : {}) },
      };
    }
  }
}

function ofValues(items: readonly ValuesItem[]): Pending {
  const sizes = items.map(({ values }) => ("value" in values ? values.value.length : JSON.stringify(values).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const taskBytes = sizes.reduce((most, size) => Math.max(most, size), 0);
  return {
    stages: [],
    tasks: { kind: "items", items: items as unknown as readonly Json[] }, // plain JSON by its type
    reader: { from: "values" },
    steps: [],
    bytes,
    taskBytes,
    bytesIn: 0,
    readBytes: { values: 4 * taskBytes },
  };
}
