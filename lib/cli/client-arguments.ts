import type { LocalClientOptions } from "../client/local-client.ts";
import { parseBytes } from "../collections/options.ts";
import { wholeOption, type Arguments, type OptionSpecs } from "./arguments.ts";
import { usage } from "./frame-arguments.ts";
import type { Terminal } from "./terminal.ts";

export const CLIENT_OPTIONS: OptionSpecs = {
  workers: { value: "N", help: "worker threads. Default: one for each processor" },
  "memory-limit": { value: "SIZE", help: "of one worker, as 2GB. Default: 90 % of the machine's memory, shared" },
};

export function clientOptions(args: Arguments, terminal: Terminal): LocalClientOptions {
  const workers = wholeOption(args, "workers", 0);
  const limit = args.one("memory-limit");
  return {
    progress: terminal.progress,
    ...(workers === undefined ? {} : { workers }),
    ...(limit === undefined ? {} : { memoryLimit: usage(() => parseBytes(limit, "--memory-limit")) }),
  };
}
