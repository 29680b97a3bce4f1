import { expect, test } from "vitest";
import type { Template } from "../../cdk/synth.ts";
import { listOf, resourcesOf, shown, statementsOf } from "./support.ts";

/** What a role may do: "action on resource", sorted. */
function allowedTo(template: Template, role: string): readonly string[] {
  const lines = resourcesOf(template, "AWS::IAM::Policy").flatMap(({ Properties }) =>
    listOf(Properties["Roles"]).some((one) => shown(one) === `<${role}>`)
      ? statementsOf(Properties["PolicyDocument"]).flatMap(({ Action, Resource }) =>
          listOf(Action).flatMap((action) => listOf(Resource).map((resource) => `${action} on ${shown(resource)}`)),
        )
      : [],
  );
  return lines
    .map((line) =>
      line
        .replace("arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:", "")
        .replace("arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:", ""),
    )
    .toSorted();
}

const logs = (name: string) => [`logs:CreateLogStream on <${name}Log.Arn>`, `logs:PutLogEvents on <${name}Log.Arn>`];
/** X-Ray has no resources to name. */
const TRACES = ["xray:PutTelemetryRecords on *", "xray:PutTraceSegments on *"];
const reading = (...prefixes: readonly string[]) => [
  ...prefixes.map((prefix) => `s3:GetObject on <Bucket.Arn>/${prefix}*`),
  "s3:ListBucket on <Bucket.Arn>",
];
const removing = (...prefixes: readonly string[]) =>
  prefixes.map((prefix) => `s3:DeleteObject on <Bucket.Arn>/${prefix}*`);
const writing = (...prefixes: readonly string[]) =>
  prefixes.flatMap((prefix) => [
    `s3:AbortMultipartUpload on <Bucket.Arn>/${prefix}*`,
    `s3:PutObject on <Bucket.Arn>/${prefix}*`,
  ]);
const onRunQueues = (...actions: readonly string[]) => actions.map((action) => `sqs:${action} on Abanico-run-*`);

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  Plan: [
    ...reading(""),
    ...writing("runs/", "results/", "output/"),
    ...removing("results/", "output/"),
    ...onRunQueues("CreateQueue", "DeleteQueue"),
  ],
  Work: [
    ...reading(""),
    ...writing("runs/", "results/", "output/"),
    ...onRunQueues("SendMessage"),
    "lambda:InvokeFunction on <Work.Arn>",
  ],
  WorkImage: [
    ...reading(""),
    ...writing("runs/", "results/", "output/"),
    ...onRunQueues("SendMessage"),
    "lambda:InvokeFunction on <WorkImage.Arn>",
  ],
  Collect: [
    ...reading("runs/", "bundles/"),
    ...writing("runs/"),
    ...removing("runs/"),
    ...onRunQueues("ReceiveMessage", "DeleteMessage"),
    "lambda:InvokeFunction on <Work.Arn>",
    "lambda:InvokeFunction on <WorkImage.Arn>",
  ],
  Start: [
    ...reading("pipelines/"),
    ...writing("runs/"),
    "states:StartExecution on <Runs>",
    "sqs:SendMessage on <DeadLetters.Arn>",
    "sqs:GetQueueAttributes on <DeadLetters.Arn>",
    "sqs:GetQueueUrl on <DeadLetters.Arn>",
  ],
  Call: [...reading(""), ...writing("runs/")],
  Finish: [
    ...reading("runs/"),
    ...writing("runs/"),
    ...removing("runs/"),
    ...onRunQueues("CreateQueue", "DeleteQueue"),
    "sqs:SendMessage on <Results.Arn>",
  ],
  Fail: [
    ...reading("runs/"),
    ...writing("runs/"),
    ...onRunQueues("CreateQueue", "DeleteQueue"),
    "sqs:SendMessage on <Results.Arn>",
  ],
};

/** What the template's roles may do, to the letter. `template`: asked for when the tests run. */
export function policyTests(template: () => Template): void {
  for (const [name, expected] of Object.entries(EXPECTED))
    test(`${name} may do what it does, and nothing else`, () => {
      expect(allowedTo(template(), `${name}Role`)).toEqual([...expected, ...logs(name), ...TRACES].toSorted());
    });

  test("the state machine may call its functions, read and write in runs/, and start and stop its own children", () => {
    const name = "execution:<Runs.Name>";
    expect(allowedTo(template(), "RunsRole").filter((line) => !line.endsWith(" on *"))).toEqual(
      [
        ...["Plan", "Work", "WorkImage", "Collect", "Finish", "Fail"].map(
          (fn) => `lambda:InvokeFunction on <${fn}.Arn>`,
        ),
        ...["GetObject", "PutObject", "ListMultipartUploadParts", "AbortMultipartUpload"].map(
          (action) => `s3:${action} on <Bucket.Arn>/runs/*`,
        ),
        "states:StartExecution on <Runs>",
        ...["DescribeExecution", "StopExecution"].flatMap((action) =>
          [":*", "/Express:*", "/Standard:*"].map((of) => `states:${action} on ${name}${of}`),
        ),
        ...["/Express:*", "/Standard:*"].map((of) => `states:RedriveExecution on ${name}${of}`),
      ].toSorted(),
    );
  });

  test("what is allowed on every resource is X-Ray and the delivery of logs, which have none to name", () => {
    const everywhere = resourcesOf(template(), "AWS::IAM::Policy").flatMap(({ Properties }) =>
      statementsOf(Properties["PolicyDocument"]).flatMap(({ Action, Resource }) =>
        listOf(Resource).includes("*") ? listOf(Action) : [],
      ),
    );
    expect([...new Set(everywhere)].toSorted()).toEqual([
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]);
  });

  test("no action is a pattern, and no role has a managed policy", () => {
    const policies = resourcesOf(template(), "AWS::IAM::Policy").flatMap(({ Properties }) =>
      statementsOf(Properties["PolicyDocument"]).flatMap(({ Action }) => listOf(Action)),
    );
    expect(policies.filter((action) => action.includes("*"))).toEqual([]);
    expect(
      resourcesOf(template(), "AWS::IAM::Role").filter(({ Properties }) => "ManagedPolicyArns" in Properties),
    ).toEqual([]);
  });
}
