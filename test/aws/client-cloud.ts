import type { Cloud, Execution, Invoked, LogLine, StackOutputs } from "../../lib/runtime/aws/cloud.ts";
import { attemptName } from "../../lib/runtime/aws/attempts.ts";
import { call } from "../../lib/runtime/aws/call.ts";
import type { CallPayload } from "../../lib/runtime/aws/call-protocol.ts";
import { createAwsRuntime, type AwsOptions, type AwsRuntime } from "../../lib/runtime/aws/runtime.ts";
import { systemClock } from "../../lib/runtime/aws/cloud-services.ts";
import type { Services } from "../../lib/runtime/aws/services.ts";
import type { stackWith } from "./cloud-run.ts";

type Stack = ReturnType<typeof stackWith>;

export const OUTPUTS: StackOutputs = {
  stack: "Abanico",
  bucket: "bucket",
  stateMachineArn: "arn:aws:states:eu-west-1:1:stateMachine:Runs",
  startFunction: "Abanico-Start",
  callFunction: "Abanico-Call",
  queuePrefix: "Abanico-run-",
  workMemoryMb: 2_048,
  logGroups: ["/abanico/work"],
};

/** A stack of this process as a client sees it. What it was asked to do, it tells. */
export function clientCloud(stack: Stack, changes: Partial<Cloud> = {}) {
  const { simulation, services, machine } = stack;
  const executions = new Map<string, Execution>();
  const asked: string[] = [];
  const logLines: LogLine[] = [];
  const cloud: Cloud = {
    region: "eu-west-1",
    stack: OUTPUTS,
    bucket: "bucket",
    store: services.store,
    clock: {
      now: () => simulation.clock.now(),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener("abort", () => resolve());
          simulation.clock.after(ms, resolve);
        }),
    },
    async startRun(run, attempt = 1) {
      const name = attemptName({ run, attempt });
      asked.push(`start ${name}`);
      if (executions.has(name)) return;
      executions.set(name, { status: "running", startedAt: simulation.clock.now() });
      void machine.execute(run, attempt).then(
        ({ status }) => executions.get(name)?.status === "running" && executions.set(name, { status: status === "SUCCEEDED" ? "succeeded" : "failed" }), // prettier-ignore
        (error: unknown) => executions.set(name, { status: "failed", cause: String(error) }),
      );
    },
    executionOf: async (run) => executions.get(run) ?? { status: "missing" },
    executions: async (limit) =>
      [...executions]
        .reverse()
        .slice(0, limit)
        .map(([run, one]) => ({ run, ...one })),
    async stopRun(run, reason) {
      asked.push(`stop ${run}: ${reason}`);
      if (executions.get(run)?.status === "running") executions.set(run, { status: "aborted", cause: reason });
    },
    async removeQueue(run) {
      asked.push(`remove queue ${run}`);
    },
    invoke: (payload) => answerOf(services, payload),
    async *logs({ text = "" }) {
      yield* logLines.filter((line) => line.text.includes(text));
    },
    ...changes,
  };
  return { cloud, executions, asked, logLines };
}

/** The function `call`, called as Lambda does: JSON in, JSON out. */
export async function answerOf(services: Services, payload: string): Promise<Invoked> {
  if (payload.length > 6 * 2 ** 20) throw new Error(`Lambda takes 6 MiB, found ${payload.length}.`);
  const answer = JSON.stringify(await call(JSON.parse(payload) as CallPayload, services));
  if (answer.length > 6 * 2 ** 20) throw new Error(`Lambda gives 6 MiB, found ${answer.length}.`);
  return { kind: "answered", payload: answer };
}

/** For calls: no time is simulated, and nothing but the bucket is. */
export function realTime(cloud: Cloud): Cloud {
  return { ...cloud, clock: systemClock };
}

/** A runtime over a stack of this process, whose time passes while something is awaited of it. */
export function runtimeOn(stack: Stack, options: Partial<AwsOptions> = {}, changes: Partial<Cloud> = {}) {
  const parts = clientCloud(stack, changes);
  const runtime = createAwsRuntime({ cloud: parts.cloud, ...options });
  const pumped: AwsRuntime = Object.create(runtime, {
    run: {
      value: async (...given: Parameters<AwsRuntime["run"]>) => {
        await stack.ready;
        return passing(stack, runtime.run(...given));
      },
    },
  });
  return { ...parts, runtime: pumped };
}

/** Lets time pass until `main` is settled; a client may also wait for what is real, as for a module to be loaded. */
export async function passing<T>({ simulation }: Stack, main: Promise<T>): Promise<T> {
  let settled = false;
  const end = () => (settled = true);
  main.then(end, end);
  const beat = () => simulation.clock.after(50, () => void (settled || beat()));
  beat();
  return simulation.run(main);
}
