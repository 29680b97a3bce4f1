import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

/** What a thread that stands for an execution environment of a function is given, and says. */
export interface EnvironmentData {
  readonly file: string;
  readonly handler: string;
}

export interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly arn: string;
  readonly name: string;
  readonly memoryMb: number;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

export type Answer =
  | { readonly kind: "ready" }
  /** JSON, as Lambda's payload is. */
  | { readonly kind: "value"; readonly payload: string; readonly log: string }
  | { readonly kind: "error"; readonly payload: string; readonly log: string };

const port = parentPort;
if (port === null) throw new Error("environment.ts runs in a worker thread");
const say = (answer: Answer): void => port.postMessage(answer);

let log = "";
for (const stream of [process.stdout, process.stderr])
  stream.write = (chunk: Uint8Array | string): boolean => {
    log += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  };

function toPayload(error: unknown): string {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return JSON.stringify({ errorType: name, errorMessage: message, trace: stack?.split("\n") ?? [] });
}

const toContext = ({ id, arn, name, memoryMb, deadline }: Invocation): object => ({
  awsRequestId: id,
  functionName: name,
  functionVersion: "$LATEST",
  invokedFunctionArn: arn,
  memoryLimitInMB: String(memoryMb),
  logGroupName: `/aws/lambda/${name}`,
  logStreamName: "emulated",
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => deadline - Date.now(),
});

// The thread's data is given by functions.ts.
const { file, handler } = workerData as EnvironmentData;
try {
  const module = (await import(pathToFileURL(file).href)) as { readonly [name: string]: unknown };
  const run = module[handler];
  if (typeof run !== "function") throw new Error(`${file} has no handler "${handler}"`);
  port.on("message", (invocation: Invocation) => {
    log = "";
    Promise.resolve()
      .then(() => run(invocation.event, toContext(invocation)) as unknown)
      .then((value) => say({ kind: "value", payload: JSON.stringify(value) ?? "null", log }))
      .catch((error: unknown) => say({ kind: "error", payload: toPayload(error), log }));
  });
  say({ kind: "ready" });
} catch (error) {
  say({ kind: "error", payload: toPayload(error), log });
}
