import type { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { ExecutionStatus, SFNClient } from "@aws-sdk/client-sfn";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Store } from "../../store/store.ts";
import { attemptName } from "./attempts.ts";
import { once } from "./aws-clients.ts";
import { awsError, isNoQueue, isPassing, isThrottle, nameOf } from "./aws-errors.ts";
import type { ClientClock, Cloud, Execution, Invoked, StackOutputs } from "./cloud.ts";
import { newestLogs } from "./newest-logs.ts";

/** Clients of the SDK, where a program has its own; those that are not given are made when they are first needed. */
export interface AwsClients {
  readonly cloudformation?: Pick<CloudFormationClient, "send">;
  readonly sfn?: Pick<SFNClient, "send">;
  readonly lambda?: Pick<LambdaClient, "send">;
  readonly logs?: Pick<CloudWatchLogsClient, "send">;
  readonly sqs?: Pick<SQSClient, "send">;
}

export interface CloudOptions {
  readonly region: string;
  readonly stack: StackOutputs;
  readonly store: Store;
  readonly clients?: AwsClients;
  /** Of all services but S3. Default: the SDK's own, which reads `AWS_ENDPOINT_URL` and its like. */
  readonly endpoint?: string;
}

/** What clients are made with. An invocation may take 15 minutes, and tries once: retries are the executor's. */
const ATTEMPTS = { maxAttempts: 5 };
const INVOCATION_MS = 960_000;
/** Of one request. */
const MOST_EXECUTIONS = 1_000;

/** The services of AWS for a client, over the SDK, whose parts are loaded when they are first needed. */
export function cloudServices({ region, stack, store, clients = {}, endpoint }: CloudOptions): Cloud {
  const config = { region, ...(endpoint === undefined ? {} : { endpoint }) };
  const sfn = once(async () => {
    const sdk = await import("@aws-sdk/client-sfn");
    return { sdk, client: clients.sfn ?? new sdk.SFNClient({ ...config, ...ATTEMPTS }) };
  });
  const lambda = once(async () => {
    const sdk = await import("@aws-sdk/client-lambda");
    const requestHandler = { connectionTimeout: 10_000, requestTimeout: INVOCATION_MS, socketTimeout: INVOCATION_MS };
    return { sdk, client: clients.lambda ?? new sdk.LambdaClient({ ...config, maxAttempts: 1, requestHandler }) };
  });
  const sqs = once(async () => {
    const sdk = await import("@aws-sdk/client-sqs");
    return { sdk, client: clients.sqs ?? new sdk.SQSClient({ ...config, ...ATTEMPTS }) };
  });
  const logs = once(async () => {
    const sdk = await import("@aws-sdk/client-cloudwatch-logs");
    return { sdk, client: clients.logs ?? new sdk.CloudWatchLogsClient({ ...config, ...ATTEMPTS }) };
  });
  const { stateMachineArn, callFunction } = stack;
  const executionArn = (run: string) => `${stateMachineArn.replace(":stateMachine:", ":execution:")}:${run}`;

  return {
    region,
    stack,
    bucket: stack.bucket,
    store,
    clock: systemClock,

    async startRun(run, attempt = 1) {
      const { sdk, client } = await sfn();
      const name = attemptName({ run, attempt });
      const input = JSON.stringify(attempt === 1 ? { run } : { run, attempt });
      try {
        await client.send(new sdk.StartExecutionCommand({ stateMachineArn, name, input }));
      } catch (thrown) {
        if (nameOf(thrown) === "ExecutionAlreadyExists") return;
        throw awsError(thrown, `start the run ${run}`, `states:StartExecution on ${stateMachineArn}`);
      }
    },

    async executionOf(run) {
      const { sdk, client } = await sfn();
      try {
        const found = await client.send(new sdk.DescribeExecutionCommand({ executionArn: executionArn(run) }));
        return executionFrom(found);
      } catch (thrown) {
        if (nameOf(thrown) === "ExecutionDoesNotExist") return { status: "missing" };
        throw awsError(thrown, `look at the run ${run}`, `states:DescribeExecution on ${executionArn("*")}`);
      }
    },

    async executions(limit) {
      const { sdk, client } = await sfn();
      try {
        const { executions = [] } = await client.send(
          new sdk.ListExecutionsCommand({ stateMachineArn, maxResults: Math.min(limit, MOST_EXECUTIONS) }),
        );
        return executions.map((found) => ({ run: found.name ?? "", ...executionFrom(found) }));
      } catch (thrown) {
        throw awsError(thrown, "list the runs", `states:ListExecutions on ${stateMachineArn}`);
      }
    },

    async stopRun(run, reason) {
      const { sdk, client } = await sfn();
      try {
        const stop = { executionArn: executionArn(run), error: "Cancelled", cause: reason.slice(0, 1_000) };
        await client.send(new sdk.StopExecutionCommand(stop));
      } catch (thrown) {
        if (nameOf(thrown) === "ExecutionDoesNotExist") return;
        throw awsError(thrown, `stop the run ${run}`, `states:StopExecution on ${executionArn("*")}`);
      }
    },

    async removeQueue(run) {
      const { sdk, client } = await sqs();
      try {
        const { QueueUrl } = await client.send(new sdk.GetQueueUrlCommand({ QueueName: `${stack.queuePrefix}${run}` }));
        await client.send(new sdk.DeleteQueueCommand({ QueueUrl }));
      } catch (thrown) {
        if (isNoQueue(thrown)) return;
        throw awsError(
          thrown,
          `delete the queue of the run ${run}`,
          `sqs:GetQueueUrl and sqs:DeleteQueue on the queue ${stack.queuePrefix}${run}`,
        );
      }
    },

    async invoke(payload, signal): Promise<Invoked> {
      const { sdk, client } = await lambda();
      try {
        const { FunctionError, Payload, LogResult } = await client.send(
          new sdk.InvokeCommand({
            FunctionName: callFunction,
            Payload: new TextEncoder().encode(payload),
            LogType: "Tail",
          }),
          signal === undefined ? {} : { abortSignal: signal },
        );
        const answer = Payload === undefined ? "" : new TextDecoder().decode(Payload);
        if (FunctionError === undefined) return { kind: "answered", payload: answer };
        const log = LogResult === undefined ? {} : { log: Buffer.from(LogResult, "base64").toString("utf8") };
        return { kind: "died", reason: deathFrom(answer), ...log };
      } catch (thrown) {
        if (signal?.aborted === true) return { kind: "lost", reason: "nobody waits for it any more" };
        if (isThrottle(thrown)) return { kind: "throttled" };
        if (isPassing(thrown)) return { kind: "lost", reason: `${nameOf(thrown)}: ${String(thrown)}` };
        throw awsError(thrown, `call the function ${callFunction}`, `lambda:InvokeFunction on ${callFunction}`);
      }
    },

    async *logs(wanted) {
      const { sdk, client } = await logs();
      yield* newestLogs(stack.logGroups, wanted, async (group, token) => {
        try {
          return await client.send(
            new sdk.FilterLogEventsCommand({
              logGroupName: group,
              startTime: wanted.since,
              ...(wanted.text === undefined ? {} : { filterPattern: `"${wanted.text.replaceAll('"', "")}"` }),
              ...(token === undefined ? {} : { nextToken: token }),
            }),
          );
        } catch (thrown) {
          // A function that was never called has no log yet.
          if (nameOf(thrown) === "ResourceNotFoundException") return {};
          throw awsError(thrown, `read the logs ${group}`, `logs:FilterLogEvents on ${group}`);
        }
      });
    },
  };
}

export const systemClock: ClientClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end);
    }),
};

const STATUSES: { readonly [status in ExecutionStatus]?: Execution["status"] } = {
  RUNNING: "running",
  PENDING_REDRIVE: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  TIMED_OUT: "timed-out",
  ABORTED: "aborted",
};

function executionFrom(found: {
  readonly status?: ExecutionStatus | undefined;
  readonly startDate?: Date | undefined;
  readonly stopDate?: Date | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}): Execution {
  return {
    status: (found.status === undefined ? undefined : STATUSES[found.status]) ?? "running",
    ...(found.startDate === undefined ? {} : { startedAt: found.startDate.getTime() }),
    ...(found.stopDate === undefined ? {} : { stoppedAt: found.stopDate.getTime() }),
    ...(found.error === undefined ? {} : { error: found.error }),
    ...(found.cause === undefined ? {} : { cause: found.cause }),
  };
}

/** What Lambda says of a function that did not end: `{"errorType", "errorMessage"}`. */
function deathFrom(payload: string): string {
  try {
    const { errorType, errorMessage } = JSON.parse(payload) as { errorType?: string; errorMessage?: string }; // Lambda's
    const said = [errorType, errorMessage].filter((text) => text !== undefined).join(": ");
    if (/signal: killed/.test(said)) return `out of memory (${said})`;
    return said === "" ? "it did not end well" : said;
  } catch {
    return payload === "" ? "it gave no answer" : payload.slice(0, 500);
  }
}
