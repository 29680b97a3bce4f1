import { conformance } from "../conformance/suite.ts";
import { runtimeOn } from "./client-cloud.ts";
import { stackWith } from "./cloud-run.ts";

const HANGS = "what hangs keeps simulated time from passing; test/cloud runs it in real time";

const stack = stackWith();

conformance({
  name: "aws, simulated",
  make: () => runtimeOn(stack).runtime,
  put: async (name, text) => {
    const url = `s3://bucket/data/${name}`;
    await stack.services.store.put(url, new TextEncoder().encode(text));
    return stack.services.store.head(url);
  },
  skip: {
    "reads memory:// as well": "the memory of this process is not the functions', and plans say so",
    "tells what happens, in order": "stages are told of, not tasks one by one: runtime.test.ts has their order",
    "runs a flaky task again, as often as it may":
      "a function tries again by itself, and does not tell of each attempt",
    "tells the task by its signal": HANGS,
    "fails when nothing moves": HANGS,
    "fails at its deadline": HANGS,
    "stops a task at its time limit": HANGS,
  },
});
