import { setTimeout as wait } from "node:timers/promises";
import { OptionError } from "../../errors.ts";
import { defaultStore } from "../../store/default-store.ts";
import { useBundlesOf } from "./bundle-files.ts";
import { sqsQueues } from "./aws-queues.ts";
import { again, clientsOf, type Clients } from "./aws-clients.ts";
import { nameOf } from "./aws-errors.ts";
import { workerTaskBytes, type Services } from "./services.ts";

/** What Lambda says of a call. */
export interface FunctionContext {
  getRemainingTimeInMillis(): number;
}

/** Memory of a worker where the environment does not say, in MB. */
const DEFAULT_MEMORY_MB = 2_048;

/** What all calls of an environment share: connections, and nothing of a run. */
interface Shared {
  readonly store: Services["store"];
  readonly clients: Clients;
}

const environments = new Map<string, Shared>();

/**
 * The services of the stack that this function belongs to. Its environment says which: ABANICO_BUCKET, ABANICO_QUEUE_PREFIX, and of the rest what the function
 * needs: ABANICO_RESULTS_QUEUE_URL, ABANICO_STATE_MACHINE_ARN, ABANICO_WORK_FUNCTION, ABANICO_WORK_IMAGE_FUNCTION, ABANICO_WORK_MEMORY (MB), ABANICO_BUNDLE,
 * ABANICO_QUEUE_ARN_PREFIX, ABANICO_WORKER (which of the two workers it is).
 * Where AWS is, the SDK's own variables say.
 *
 * @throws OptionError for one that is missing, once it is needed.
 */
export async function servicesFromEnvironment(context: FunctionContext): Promise<Services> {
  const { env } = process;
  const bucket = needed("ABANICO_BUCKET");
  const { store, clients } = sharedBy(bucket);
  useBundlesOf({ store, bucket });
  const workMemoryMb = Number(env["ABANICO_WORK_MEMORY"] ?? DEFAULT_MEMORY_MB);
  const bundle = env["ABANICO_BUNDLE"];
  const memory = Number(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? NaN);
  return {
    store,
    bucket,
    resultsQueue: env["ABANICO_RESULTS_QUEUE_URL"] ?? "",
    taskBytes: workerTaskBytes(workMemoryMb),
    workMemoryMb,
    ...(bundle === undefined || bundle === "" ? {} : { bundle }),
    worker: env["AWS_LAMBDA_LOG_STREAM_NAME"] ?? `process ${process.pid}`,
    ...(memory > 0 ? { memoryMb: memory } : {}),
    queues: sqsQueues(clients, () => needed("ABANICO_QUEUE_PREFIX"), env["ABANICO_QUEUE_ARN_PREFIX"]),
    startWork: (worker, input) => startWork(clients, worker, input),
    startRun: (run) => startRun(clients, run),
    clock: {
      now: () => Date.now(),
      remaining: () => context.getRemainingTimeInMillis(),
      sleep: (ms) => wait(ms),
    },
    log: (level, message, fields) => void process.stdout.write(`${JSON.stringify({ level, message, ...fields })}\n`),
  };
}

function sharedBy(bucket: string): Shared {
  const { AWS_REGION = "", AWS_ENDPOINT_URL = "", AWS_ENDPOINT_URL_S3 = "" } = process.env;
  const key = JSON.stringify([bucket, AWS_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3]);
  const known = environments.get(key) ?? { store: defaultStore(), clients: clientsOf() };
  environments.set(key, known);
  return known;
}

function needed(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new OptionError(`This function has no environment variable ${name}.`, {
    fields: { name },
    fix: "deploy the stack again; outside of Lambda, set it as the construct does.",
  });
}

/** Without waiting for it. */
async function startWork(clients: Clients, worker: "work" | "work-image", input: object): Promise<void> {
  // A worker hands over to itself, whose name its own definition cannot say.
  const isItself = process.env["ABANICO_WORKER"] === worker;
  const name = needed(
    isItself ? "AWS_LAMBDA_FUNCTION_NAME" : worker === "work" ? "ABANICO_WORK_FUNCTION" : "ABANICO_WORK_IMAGE_FUNCTION",
  );
  const { InvokeCommand } = await import("@aws-sdk/client-lambda");
  await again(`start the function ${name}`, `lambda:InvokeFunction on the function ${name}`, async () => {
    const client = await clients.lambda();
    const Payload = new TextEncoder().encode(JSON.stringify(input));
    return client.send(new InvokeCommand({ FunctionName: name, InvocationType: "Event", Payload }));
  });
}

/** A run that was started before is not started again, whether it goes on or is over. */
async function startRun(clients: Clients, run: string): Promise<void> {
  const stateMachineArn = needed("ABANICO_STATE_MACHINE_ARN");
  const { StartExecutionCommand } = await import("@aws-sdk/client-sfn");
  await again(`start run ${run}`, `states:StartExecution on ${stateMachineArn}`, async () => {
    const client = await clients.sfn();
    const input = JSON.stringify({ run });
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name: run, input }));
    } catch (thrown) {
      if (nameOf(thrown) !== "ExecutionAlreadyExists") throw thrown;
    }
  });
}
