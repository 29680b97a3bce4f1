import { futuresSuite } from "../client/futures-suite.ts";
import { fakeClient } from "./fake-clients.ts";

const NO_THREADS = "workers in the cloud come and go: no call can be for one of them";

futuresSuite("on a stack", async () => (await fakeClient()).client, {
  "cancel: what waits, what runs and is told, and what depends on it":
    "of a call that runs nothing is heard before its answer; call-executor.test.ts cancels one",
  "scatter with broadcast: each thread makes the value once": NO_THREADS,
  "run calls on each worker": NO_THREADS,
});
