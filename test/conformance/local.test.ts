import { createLocalRuntime } from "../../lib/runtime/local/local.ts";
import { conformance } from "./suite.ts";

for (const workers of [1, 2, 3])
  conformance({
    name: `local, ${workers} threads`,
    make: (store) => createLocalRuntime({ workers, store, memoryLimitBytes: 2 ** 28 }),
  });
