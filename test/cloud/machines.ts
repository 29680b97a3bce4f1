import { CreateStateMachineCommand, DescribeExecutionCommand, StartExecutionCommand } from "@aws-sdk/client-sfn";
import type { DescribeExecutionOutput, SFNClient } from "@aws-sdk/client-sfn";
import { setTimeout as sleep } from "node:timers/promises";

const ROLE = "arn:aws:iam::123456789012:role/states";

export async function createMachine(sfn: SFNClient, name: string, definition: object): Promise<string> {
  const made = await sfn.send(
    new CreateStateMachineCommand({ name, roleArn: ROLE, definition: JSON.stringify(definition) }),
  );
  return made.stateMachineArn ?? "";
}

/** Gives the execution's ARN. */
export async function startMachine(
  sfn: SFNClient,
  arn: string,
  input: object,
  name = `e${crypto.randomUUID()}`,
): Promise<string> {
  const asked = { stateMachineArn: arn, name, input: JSON.stringify(input) };
  const started = await sfn.send(new StartExecutionCommand(asked));
  return started.executionArn ?? "";
}

/** Until it is over. */
export async function outcomeOf(sfn: SFNClient, execution: string): Promise<DescribeExecutionOutput> {
  for (;;) {
    const found = await sfn.send(new DescribeExecutionCommand({ executionArn: execution }));
    if (found.status !== "RUNNING") return found;
    await sleep(25);
  }
}

const retry = [
  {
    ErrorEquals: ["Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.SdkClientException"],
    IntervalSeconds: 1,
    BackoffRate: 2,
    MaxAttempts: 4,
    JitterStrategy: "FULL",
  },
];

const invoke = (name: string, payload: object): object => ({
  Type: "Task",
  Resource: "arn:aws:states:::lambda:invoke",
  Parameters: { FunctionName: name, ...payload },
  OutputPath: "$.Payload",
  Retry: retry,
});

/** All the kinds of states of Abanico's machine, and nothing else of it: what runs here is the emulator. */
export function smallMachine(children: "EXPRESS" | "STANDARD"): object {
  const map = {
    Type: "Map",
    ItemReader: {
      Resource: "arn:aws:states:::s3:getObject",
      ReaderConfig: { InputType: "JSONL" },
      Parameters: { "Bucket.$": "$.bucket", "Key.$": "$.manifest" },
    },
    ItemSelector: { "run.$": "$.run", "queue.$": "$.queue", "bad.$": "$.bad", "batch.$": "$$.Map.Item.Value" },
    ItemProcessor: {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: children },
      StartAt: "Work",
      States: { Work: { ...invoke("work", { "Payload.$": "$" }), End: true } },
    },
    ToleratedFailurePercentage: 0,
    ResultWriter: {
      Resource: "arn:aws:states:::s3:putObject",
      Parameters: { "Bucket.$": "$.bucket", "Prefix.$": "States.Format('results/{}', $.run)" },
      WriterConfig: { Transformation: "COMPACT", OutputType: "JSONL" },
    },
    ResultPath: null,
    End: true,
  };
  const loop = {
    Collect: { ...invoke("collect", { "Payload.$": "$" }), Next: "All?" },
    "All?": {
      Type: "Choice",
      Choices: [{ Variable: "$.done", BooleanEquals: true, Next: "Collected" }],
      Default: "Collect",
    },
    Collected: { Type: "Pass", End: true },
  };
  return {
    StartAt: "Both",
    States: {
      Both: {
        Type: "Parallel",
        Branches: [
          { StartAt: "Map", States: { Map: map } },
          { StartAt: "Collect", States: loop },
        ],
        ResultSelector: { "collected.$": "$[1]" },
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Tell" }],
        End: true,
      },
      Tell: { ...invoke("echo", { "Payload.$": "$" }), Next: "Failed" },
      Failed: { Type: "Fail", ErrorPath: "$.error.Error", CausePath: "$.error.Cause" },
    },
  };
}
