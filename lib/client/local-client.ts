import { availableParallelism, totalmem } from "node:os";
import { knownKeys, parseBytes, wholeNumber, wrong } from "../collections/options.ts";
import { createInlineRuntime } from "../runtime/inline.ts";
import { createLocalRuntime } from "../runtime/local/local.ts";
import { defaultStore } from "../store/default-store.ts";
import type { Gemm } from "./gemm.ts";
import { checkStore, commonParts, type ClientParts, type CommonOptions } from "./parts.ts";

/** A client on this machine. */
export interface LocalClientOptions extends CommonOptions {
  /** Default: one for each processor that this process may use. 0: no threads at all, tasks run one by one in this thread (for debugging). */
  readonly workers?: number;
  /** Default 1. */
  readonly threadsPerWorker?: number;
  /** Of one worker: bytes, or a text like "4GB". A task that would need more is refused before it runs. Default: 90 % of the machine's memory, divided by the workers. */
  readonly memoryLimit?: number | string;
  /**
   * What makes products of float matrices. "auto", the default: `onnxruntime-node` where it is installed, for large ones, on processors where it has been found quicker;
   * "abanico": never it; "onnxruntime": it, of any size, or an error where it is not installed. The last bits of products differ.
   */
  readonly gemm?: Gemm;
}

const WHERE = "Client.local";

/** @throws OptionError */
export function localParts(options: LocalClientOptions): ClientParts {
  knownKeys(options, ["workers", "threadsPerWorker", "memoryLimit", "gemm", "store", "progress", "output"], WHERE);
  const common = commonParts(options, WHERE);
  checkStore(options.store, WHERE);
  const workers = wholeNumber(options.workers ?? availableParallelism(), `${WHERE} option workers`, 0);
  const threadsPerWorker = wholeNumber(options.threadsPerWorker ?? 1, `${WHERE} option threadsPerWorker`, 1);
  const { gemm = "auto" } = options;
  if (gemm !== "auto" && gemm !== "abanico" && gemm !== "onnxruntime")
    throw wrong(`${WHERE} option gemm`, '"auto", "abanico" or "onnxruntime"', gemm);
  const share = Math.floor((0.9 * totalmem()) / Math.max(1, workers));
  const memoryLimitBytes =
    options.memoryLimit === undefined ? share : parseBytes(options.memoryLimit, `${WHERE} option memoryLimit`);
  const store = options.store ?? defaultStore();
  const runtime =
    workers === 0
      ? createInlineRuntime({ store, memoryLimitBytes })
      : createLocalRuntime({ workers, threadsPerWorker, memoryLimitBytes, store });
  return { kind: "local", runtime, store, gemm, workers, threadsPerWorker, memoryLimitBytes, ...common };
}

/** By `local://?workers=4&threadsPerWorker=2&memoryLimit=4GB`. @throws OptionError */
export function localPartsOf(url: URL): ClientParts {
  const query = Object.fromEntries(url.searchParams);
  const given = Object.entries(query).map(([key, value]) => [
    key,
    key === "memoryLimit" || key === "gemm" ? value : Number(value),
  ]);
  return localParts(Object.fromEntries(given) as LocalClientOptions); // checked there, key by key
}
