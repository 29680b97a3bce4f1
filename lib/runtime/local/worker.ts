import { parentPort, workerData } from "node:worker_threads";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.ts";
import { Session } from "./session.ts";

/** A thread's entry. What it computes with is loaded when the first task comes. */
const port = parentPort;
if (port !== null) {
  // The cast is what the pool promises: `workerData` of this entry is a WorkerStart.
  const start = workerData as WorkerStart;
  const post = (message: FromWorker) => port.postMessage(message);
  const session = new Session(start, post);
  process.once("exit", () => session.leave());
  port.on("message", (message: ToWorker) => session.receive(message));
  post({ type: "ready" });
}
