import { Client, type AwsClientOptions } from "../../lib/index.ts";
import { fileStore } from "../../lib/store/file.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { routed, type DefaultStore } from "../../lib/store/default-store.ts";
import type { Invoked } from "../../lib/runtime/aws/cloud.ts";
import type { AwsClients } from "../../lib/runtime/aws/cloud-services.ts";
import { OUTPUTS, answerOf, passing } from "./client-cloud.ts";
import { stackWith } from "./cloud-run.ts";

type Stack = ReturnType<typeof stackWith>;

/** An error as the SDK throws it. */
export function sdkError(name: string, message = name, httpStatusCode = 400, more: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode }, ...more });
}

export interface FakeOptions {
  /** Answers to calls of the function, in place of the function itself; undefined: the function is called. Called with the number of the call, from 0. */
  readonly onInvoke?: (call: number, payload: string) => Promise<Invoked | Error | undefined>;
  /** Outputs of the stack, in place of the usual. */
  readonly outputs?: { readonly [name: string]: string | undefined };
  /** What CloudFormation throws. */
  readonly failure?: Error;
  readonly status?: string;
}

/** Clients of the SDK over a stack in this process: what they are sent is what AWS would be sent. */
export function fakeClients(stack: Stack, options: FakeOptions = {}) {
  const { machine, services } = stack;
  const sent: { readonly command: string; readonly input: Record<string, unknown> }[] = [];
  const executions = new Map<string, { status: string; startDate: Date; stopDate?: Date; cause?: string }>();
  let calls = 0;
  const handlers: Record<string, (input: Record<string, unknown>) => unknown> = {
    DescribeStacksCommand: () => {
      if (options.failure !== undefined) throw options.failure;
      const outputs = { ...STACK_OUTPUTS, ...options.outputs };
      const Outputs = Object.entries(outputs).flatMap(([OutputKey, OutputValue]) => OutputValue === undefined ? [] : [{ OutputKey, OutputValue }]); // prettier-ignore
      return { Stacks: [{ StackName: "Abanico", StackStatus: options.status ?? "CREATE_COMPLETE", Outputs }] };
    },
    StartExecutionCommand: ({ name, input }) => {
      if (executions.has(String(name))) throw sdkError("ExecutionAlreadyExists");
      const execution = { status: "RUNNING", startDate: new Date() };
      executions.set(String(name), execution);
      const { run, attempt } = JSON.parse(String(input)) as { run: string; attempt?: number };
      void passing(stack, machine.execute(run, attempt)).then(({ status }) => {
        if (execution.status === "RUNNING") execution.status = status;
      });
      return {};
    },
    DescribeExecutionCommand: ({ executionArn }) => {
      const found = executions.get(String(executionArn).split(":").at(-1) ?? "");
      if (found === undefined) throw sdkError("ExecutionDoesNotExist");
      return found;
    },
    ListExecutionsCommand: () => ({ executions: [...executions].map(([name, one]) => ({ name, ...one })).reverse() }),
    StopExecutionCommand: ({ executionArn, cause }) => {
      const found = executions.get(String(executionArn).split(":").at(-1) ?? "");
      if (found !== undefined) Object.assign(found, { status: "ABORTED", cause });
      return {};
    },
    GetQueueUrlCommand: () => {
      throw sdkError("QueueDoesNotExist");
    },
    InvokeCommand: async ({ Payload }) => {
      const payload = new TextDecoder().decode(Payload as Uint8Array);
      const scripted = await options.onInvoke?.(calls++, payload);
      if (scripted instanceof Error) throw scripted;
      const invoked = scripted ?? (await answerOf(services, payload));
      if (invoked.kind === "answered") return { Payload: new TextEncoder().encode(invoked.payload) };
      if (invoked.kind !== "died") throw new Error(`No answer of Lambda is ${invoked.kind}.`);
      const LogResult = Buffer.from(invoked.log ?? "").toString("base64");
      return { FunctionError: "Unhandled", LogResult, Payload: new TextEncoder().encode(JSON.stringify({ errorMessage: invoked.reason })) }; // prettier-ignore
    },
    FilterLogEventsCommand: ({ filterPattern }) => ({
      events: [{ timestamp: 1, message: `a line with ${String(filterPattern)}\n`, logStreamName: "one" }],
    }),
  };
  const send = async (command: object): Promise<unknown> => {
    const input = (Reflect.get(command, "input") ?? {}) as Record<string, unknown>; // the SDK's commands have one
    const name = command.constructor.name;
    sent.push({ command: name, input });
    const handler = handlers[name];
    if (handler === undefined) throw new Error(`No fake answers ${name}.`);
    return handler(input);
  };
  // The SDK's clients answer each command with its own type; these answer with what the code looks at.
  const clients = { cloudformation: { send }, sfn: { send }, lambda: { send }, logs: { send }, sqs: { send } } as unknown as AwsClients; // prettier-ignore
  return { clients, sent, executions };
}

const STACK_OUTPUTS: { readonly [name: string]: string } = {
  Bucket: OUTPUTS.bucket,
  StateMachineArn: OUTPUTS.stateMachineArn,
  StartFunction: OUTPUTS.startFunction,
  CallFunction: OUTPUTS.callFunction,
  QueuePrefix: OUTPUTS.queuePrefix,
  WorkMemory: "2048",
  LogGroups: "/abanico/work",
};

/** Files and memory of this process, and the stack's bucket as S3. */
export function storeOf({ services }: Stack): DefaultStore {
  const memory = memoryStore();
  const stores = new Map([
    ["file", fileStore()],
    ["memory", memory],
    ["s3", services.store],
  ]);
  return { ...routed(stores), memory, toOptions: () => ({ memory: memory.snapshot() }) };
}

/** A client of a stack in this process, by the way that users take. */
export async function fakeClient(stack = stackWith(), fake: FakeOptions = {}, options: AwsClientOptions = {}) {
  await stack.ready;
  const fakes = fakeClients(stack, fake);
  const client = await Client.connect("aws://eu-west-1/Abanico", {
    clients: fakes.clients,
    store: storeOf(stack),
    output: "ignore",
    progress: false,
    ...options,
  });
  return { client, stack, ...fakes };
}
