import { availableParallelism, totalmem } from "node:os";
import { OptionError } from "../../errors.ts";
import { defaultStore, type DefaultStore } from "../../store/default-store.ts";
import { runtimeOver } from "../core.ts";
import type { Runtime } from "../runtime.ts";
import { Pool } from "./pool.ts";

/**
 * Runs plans on worker_threads of this process. As in Dask, the memory limit is one worker's, and a worker has
 * several threads; here all threads are alike, so `workers × threadsPerWorker` of them share `workers × memoryLimitBytes`.
 */
export interface LocalOptions {
  /** Default: one for each processor. */
  readonly workers?: number;
  /** Default 1. */
  readonly threadsPerWorker?: number;
  /** Of one worker, in bytes. Default: its share of the machine's memory. */
  readonly memoryLimitBytes?: number;
  /** Outputs and waiting partials beyond this go to disk, in bytes. Default: a quarter of all workers' memory. */
  readonly vaultBytes?: number;
  /** Workers make an equal one, with what `memory://` holds when a run begins to use them. */
  readonly store?: DefaultStore;
}

const SMALLEST_HEAP_MB = 16;

export function createLocalRuntime(options: LocalOptions = {}): Runtime {
  const workers = options.workers ?? availableParallelism();
  const threadsPerWorker = options.threadsPerWorker ?? 1;
  const memoryLimitBytes = options.memoryLimitBytes ?? Math.floor(totalmem() / workers);
  for (const [name, value] of Object.entries({ workers, threadsPerWorker, memoryLimitBytes }))
    if (!Number.isInteger(value) || value < 1)
      throw new OptionError(`${name} must be a whole number, at least 1; found ${value}.`, {
        fields: { [name]: value },
      });
  const store = options.store ?? defaultStore();
  const executor = new Pool({
    threads: workers * threadsPerWorker,
    memoryBytesPerThread: memoryLimitBytes / threadsPerWorker,
    heapMb: Math.max(SMALLEST_HEAP_MB, Math.floor(memoryLimitBytes / threadsPerWorker / 2 ** 20)),
    storeOptions: () => store.toOptions(),
  });
  return runtimeOver({
    executor,
    taskLimitBytes: memoryLimitBytes,
    taskBytes: Math.floor(memoryLimitBytes / threadsPerWorker),
    vaultBytes: options.vaultBytes ?? (workers * memoryLimitBytes) / 4,
  });
}
