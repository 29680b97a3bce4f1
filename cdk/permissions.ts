import { Stack, Validations } from "aws-cdk-lib";
import { PolicyStatement, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/** Why a role is allowed more than one resource by name: cdk-nag wants a reason for each of these. */
const REASONS = {
  all: "X-Ray and the delivery of logs have no resources to name.",
  objects: "Objects have names that nobody knows beforehand: this is all of them below a prefix.",
  runQueues: "Each run has a queue, which is made when it starts, and deleted when it ends.",
  executions: "Executions of this state machine are made all the time.",
} as const;

/** Grants, each of exactly the actions that are used: CDK's own (`grantRead`, …) have wildcards among them. */
export class Permissions {
  readonly #bucket: IBucket;
  readonly #runQueues: string;

  /** `queuePrefix`: of the names of the runs' queues. */
  constructor(bucket: IBucket, queuePrefix: string, stack: Stack) {
    this.#bucket = bucket;
    this.#runQueues = stack.formatArn({ service: "sqs", resource: `${queuePrefix}*` });
  }

  /** Reads objects below prefixes, "" for all. Lists: without it, S3 says "forbidden" of an object that is not there. */
  read(who: IGrantable, prefixes: readonly string[], bucket: IBucket = this.#bucket): void {
    allow(who, ["s3:GetObject"], objects(bucket, prefixes), "objects");
    allow(who, ["s3:ListBucket"], [bucket.bucketArn]);
    if (bucket.encryptionKey !== undefined) use(who, ["kms:Decrypt"], bucket.encryptionKey);
  }

  write(who: IGrantable, prefixes: readonly string[]): void {
    allow(who, ["s3:PutObject", "s3:AbortMultipartUpload"], objects(this.#bucket, prefixes), "objects");
    if (this.#bucket.encryptionKey !== undefined)
      use(who, ["kms:Decrypt", "kms:GenerateDataKey"], this.#bucket.encryptionKey);
  }

  remove(who: IGrantable, prefixes: readonly string[]): void {
    allow(who, ["s3:DeleteObject"], objects(this.#bucket, prefixes), "objects");
  }

  runQueues(who: IGrantable, actions: readonly string[]): void {
    allow(who, actions, [this.#runQueues], "runQueues");
  }

  send(who: IGrantable, queue: IQueue): void {
    allow(who, ["sqs:SendMessage"], [queue.queueArn]);
    if (queue.encryptionMasterKey !== undefined)
      use(who, ["kms:Decrypt", "kms:GenerateDataKey"], queue.encryptionMasterKey);
  }
}

function objects(bucket: IBucket, prefixes: readonly string[]): readonly string[] {
  return prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
}

function use(who: IGrantable, actions: readonly string[], key: IKey): void {
  allow(who, actions, [key.keyArn]);
}

/** `reason`: for resources that hold a wildcard. */
export function allow(
  who: IGrantable,
  actions: readonly string[],
  resources: readonly string[],
  reason?: keyof typeof REASONS,
): void {
  const { grantPrincipal } = who;
  grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  if (reason !== undefined && Construct.isConstruct(grantPrincipal))
    acknowledgeWildcards(grantPrincipal, resources, reason);
}

/** Of a role, or a policy. "*" itself comes with tracing and logs. */
export function acknowledgeWildcards(
  construct: Construct,
  resources: readonly string[],
  reason: keyof typeof REASONS,
): void {
  for (const resource of resources) {
    const shown = spelledOut(Stack.of(construct).resolve(resource));
    Validations.of(construct).acknowledge({ id: `AwsSolutions-IAM5[Resource::${shown}]`, reason: REASONS[reason] });
  }
}

type JoinArguments = readonly [separator: string, parts: readonly unknown[]];

/** A value of a template as cdk-nag spells it: `{ Ref: "A" }` as "<A>". */
function spelledOut(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const [name = "", inner] = Object.entries(value)[0] ?? [];
  if (name === "Fn::Join") {
    const [separator, parts] = inner as JoinArguments; // as CloudFormation has it
    return parts.map(spelledOut).join(separator);
  }
  if (name === "Fn::GetAtt" && Array.isArray(inner)) return `<${inner.join(".")}>`;
  return `<${String(inner)}>`;
}
