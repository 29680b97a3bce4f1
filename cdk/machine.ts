import { Names, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { Policy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { DefinitionBody, LogLevel, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import { definitionOf } from "./definition.ts";
import { acknowledgeWildcards, allow } from "./permissions.ts";
import type { AbanicoProps } from "./props.ts";

/** Of more, new accounts with 1,000 concurrent executions could not start Collect. */
const MAX_CONCURRENCY = 800;

/** The functions that the state machine calls. */
export interface MachineFunctions {
  readonly plan: IFunction;
  readonly work: IFunction;
  readonly workImage: IFunction | undefined;
  readonly collect: IFunction;
  readonly finish: IFunction;
  readonly fail: IFunction;
}

/** Children of a map are executions of the machine itself, under the label of the map. */
const LABELS = ["Express", "Standard"];

export function makeMachine(
  scope: Construct,
  bucket: IBucket,
  functions: MachineFunctions,
  props: AbanicoProps,
): StateMachine {
  const stack = Stack.of(scope);
  const { plan, work, workImage, collect, finish, fail } = functions;
  const called = [plan, work, ...(workImage === undefined ? [] : [workImage]), collect, finish, fail];
  const role = makeRole(scope, bucket, called);
  const definition = definitionOf({
    plan: plan.functionArn,
    work: work.functionArn,
    ...(workImage === undefined ? {} : { workImage: workImage.functionArn }),
    collect: collect.functionArn,
    finish: finish.functionArn,
    fail: fail.functionArn,
    partition: stack.partition,
    maxConcurrency: props.maxConcurrency ?? MAX_CONCURRENCY,
  });
  const logs = new LogGroup(scope, "RunsLog", {
    // Step Functions needs a policy for each log group that is not below this name, and an account may have but ten.
    logGroupName: `/aws/vendedlogs/states/${Names.uniqueResourceName(scope, { maxLength: 200, separator: "-" })}`,
    retention: props.logRetention ?? RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const machine = new StateMachine(scope, "Runs", {
    comment: "Abanico: runs plans, stage by stage.",
    definitionBody: DefinitionBody.fromString(stack.toJsonString(definition)),
    role,
    tracingEnabled: props.tracing !== false,
    logs: { destination: logs, level: LogLevel.ERROR, includeExecutionData: false },
  });
  Validations.of(machine).acknowledge({
    id: "AwsSolutions-SF1",
    reason:
      "Level ALL writes several lines for each child of a map, of which a run may have a million. Errors are logged, and runs keep their state in S3.",
  });
  allowItself(scope, machine, role);
  return machine;
}

function makeRole(scope: Construct, bucket: IBucket, called: readonly IFunction[]): Role {
  const role = new Role(scope, "RunsRole", {
    assumedBy: new ServicePrincipal("states.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
    description: "Abanico: the state machine",
  });
  allow(
    role,
    ["lambda:InvokeFunction"],
    called.map((fn) => fn.functionArn),
  );
  // Manifests are read, and results of maps are written, in parts where they are large.
  allow(
    role,
    ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
    [bucket.arnForObjects("runs/*")],
    "objects",
  );
  if (bucket.encryptionKey !== undefined)
    allow(role, ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], [bucket.encryptionKey.keyArn]);
  acknowledgeWildcards(role, ["*"], "all");
  return role;
}

/** A policy of its own, since the machine waits for its role's default one. A map in a Parallel gets none by itself (aws-cdk#35391). */
function allowItself(scope: Construct, machine: StateMachine, role: Role): void {
  const stack = Stack.of(scope);
  const execution = (suffix: string) =>
    stack.formatArn({ service: "states", resource: `execution:${machine.stateMachineName}${suffix}` });
  const children = LABELS.map((label) => execution(`/${label}:*`));
  const policy = new Policy(scope, "RunsMapPolicy", {
    roles: [role],
    statements: [
      new PolicyStatement({ actions: ["states:StartExecution"], resources: [machine.stateMachineArn] }),
      new PolicyStatement({
        actions: ["states:DescribeExecution", "states:StopExecution"],
        resources: [execution(":*"), ...children],
      }),
      new PolicyStatement({ actions: ["states:RedriveExecution"], resources: children }),
    ],
  });
  acknowledgeWildcards(policy, [execution(":*"), ...children], "executions");
}
