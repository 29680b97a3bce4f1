import type { ComputeOptions } from "../collections/executor.ts";
import { knownKeys, wrong } from "../collections/options.ts";
import type { AwsRuntime } from "../runtime/aws/runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { DefaultStore } from "../store/default-store.ts";
import type { Gemm } from "./gemm.ts";

/** What a client is made of. */
export interface ClientParts {
  readonly kind: string;
  readonly runtime: Runtime;
  /** The same, for a client of a stack. */
  readonly cloud?: AwsRuntime;
  readonly store: DefaultStore;
  readonly gemm?: Gemm;
  readonly workers: number;
  readonly threadsPerWorker: number;
  readonly memoryLimitBytes: number;
  readonly progress: boolean;
  readonly output: "inherit" | "ignore";
}

/** What clients have in common, wherever their workers are. */
export interface CommonOptions {
  /** Where bytes come from and go to. Default: files, `s3://` by the environment's credentials, `memory://`. */
  readonly store?: DefaultStore;
  /** A line on standard error that shows how far a run is. Default: where standard error is a terminal. */
  readonly progress?: boolean;
  /** What functions print on workers appears on this process's standard output and error, or only as events. Default "inherit". */
  readonly output?: "inherit" | "ignore";
}

/** @throws OptionError */
export function commonParts(
  { progress, output }: CommonOptions,
  where: string,
): Pick<ClientParts, "progress" | "output"> {
  if (progress !== undefined && typeof progress !== "boolean")
    throw wrong(`${where} option progress`, "true or false", progress);
  if (output !== undefined && output !== "inherit" && output !== "ignore")
    throw wrong(`${where} option output`, '"inherit" or "ignore"', output);
  return { progress: progress ?? process.stderr.isTTY === true, output: output ?? "inherit" };
}

/** @throws OptionError */
export function checkStore(store: unknown, where: string): void {
  if (store !== undefined && (typeof store !== "object" || store === null || !("toOptions" in store)))
    throw wrong(`${where} option store`, "a store", store, 'make one: defaultStore() of "abanico/store".');
}

/** A sum of money, in US dollars. @throws OptionError */
export function dollars(value: number, where: string): number {
  if (typeof value === "number" && value >= 0) return value;
  throw wrong(where, "a sum in US dollars", value, "pass a number, as 0.5.");
}

/** @throws OptionError */
export function computeOptions(options: ComputeOptions, what: string): ComputeOptions {
  knownKeys(options, ["signal", "maxCost"], `${what}(…)`);
  const { signal, maxCost } = options;
  if (maxCost !== undefined) dollars(maxCost, `${what}(…) option maxCost`);
  if (signal === undefined || signal instanceof AbortSignal) return options;
  throw wrong(
    `${what}(…) option signal`,
    "an AbortSignal",
    signal,
    "pass new AbortController().signal, or AbortSignal.timeout(…).",
  );
}
