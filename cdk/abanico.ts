import { CfnOutput, Duration, Names, Stack, Token } from "aws-cdk-lib";
import type { Dashboard } from "aws-cdk-lib/aws-cloudwatch";
import { Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Policy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Code, type Function, type IFunction } from "aws-cdk-lib/aws-lambda";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { bundlesIn, type Bundles, type FunctionName } from "./bundles.ts";
import { makeFunction, memoryOf } from "./function.ts";
import { defaultCache, stageImageWorker } from "./image-worker.ts";
import { makeMachine } from "./machine.ts";
import { allow, Permissions } from "./permissions.ts";
import { checkedPrefixes, type AbanicoProps } from "./props.ts";
import { makeBucket, makeQueues } from "./storage.ts";
import { makeAlarms, makeDashboard, type Alarms, type Watched } from "./watch.ts";

export type { AbanicoProps } from "./props.ts";
export type { FunctionName } from "./bundles.ts";
export type { Alarms } from "./watch.ts";

const DROP_PREFIXES = ["incoming/"];
const OUTPUT_PREFIXES = ["output/"];
/** A queue's name has 80 characters, of which a run's needs 40, "-run-" 5, an attempt of it and a lane 7. */
const LONGEST_NAME = 28;

/**
 * A whole deployment of Abanico: `new Abanico(this, "Abanico")`. When nothing runs, it costs what is stored in its bucket. Each part is a field, to be granted
 * to, watched or extended; each role may be added to: `abanico.work.role?.addManagedPolicy(…)`.
 *
 * @throws Error where the functions have not been built, npm cannot fetch sharp, or a prop makes no sense.
 */
export class Abanico extends Construct {
  readonly bucket: IBucket;
  /** Tells how runs ended, where they ask for it. */
  readonly resultsQueue: Queue;
  readonly resultsDeadLetters: Queue;
  /** What could not start a run: events, and calls without an answer. */
  readonly deadLetters: Queue;
  readonly plan: Function;
  readonly work: Function;
  /** Undefined where there is to be none. */
  readonly workImage: Function | undefined;
  readonly collect: Function;
  readonly finish: Function;
  readonly fail: Function;
  /** Starts runs: dropped files, and pipelines as the payload of a call. */
  readonly start: Function;
  /** Single calls of users' functions. */
  readonly call: Function;
  readonly stateMachine: StateMachine;
  /** Files that are put below `dropPrefixes`. Undefined where there are none. */
  readonly dropRule: Rule | undefined;
  readonly alarms: Alarms | undefined;
  readonly dashboard: Dashboard | undefined;
  /** Queues of runs are named so, and the run. */
  readonly queuePrefix: string;
  /** Of the functions' code. */
  readonly bundleHash: string;

  constructor(scope: Construct, id: string, props: AbanicoProps = {}) {
    super(scope, id);
    const stack = Stack.of(this);
    const dropPrefixes = checkedPrefixes("dropPrefixes", props.dropPrefixes ?? DROP_PREFIXES);
    const outputs = ["results/", ...checkedPrefixes("outputPrefixes", props.outputPrefixes ?? OUTPUT_PREFIXES)];
    const bundles = bundlesIn(props.bundles);
    this.bundleHash = bundles.facts.hash;
    this.queuePrefix = `${nameOf(this, props)}-run-`;
    this.bucket = props.bucket ?? makeBucket(this, props);
    const queues = makeQueues(this, props.key);
    this.resultsQueue = queues.results;
    this.resultsDeadLetters = queues.resultsDeadLetters;
    this.deadLetters = queues.deadLetters;

    const environment = {
      ABANICO_STACK: stack.stackName,
      ABANICO_BUCKET: this.bucket.bucketName,
      ABANICO_QUEUE_PREFIX: this.queuePrefix,
      ABANICO_QUEUE_ARN_PREFIX: stack.formatArn({ service: "sqs", resource: this.queuePrefix }),
      ABANICO_RESULTS_QUEUE_URL: this.resultsQueue.queueUrl,
      ABANICO_BUNDLE: this.bundleHash,
      ABANICO_WORK_MEMORY: String(memoryOf("work", props)),
    };
    const make = (id: string, name: FunctionName, more: Readonly<Record<string, string>> = {}) =>
      makeFunction(this, id, name, {
        code: codeOf(name, bundles, props),
        environment: { ...environment, ...more },
        props,
      });
    this.plan = make("Plan", "plan");
    this.work = make("Work", "work", { ABANICO_WORKER: "work" });
    this.workImage =
      props.imageWorker === false ? undefined : make("WorkImage", "work-image", { ABANICO_WORKER: "work-image" });
    this.collect = make("Collect", "collect", {
      ABANICO_WORK_FUNCTION: this.work.functionName,
      ...(this.workImage === undefined ? {} : { ABANICO_WORK_IMAGE_FUNCTION: this.workImage.functionName }),
    });
    this.finish = make("Finish", "finish");
    this.fail = make("Fail", "fail");
    this.call = make("Call", "call");
    this.stateMachine = makeMachine(this, this.bucket, this, props);
    this.start = make("Start", "start", { ABANICO_STATE_MACHINE_ARN: this.stateMachine.stateMachineArn });

    this.#permit(new Permissions(this.bucket, this.queuePrefix, stack), outputs, props);
    this.#catchLosses();
    this.dropRule = dropPrefixes.length === 0 ? undefined : this.#makeDropRule(dropPrefixes);
    const watched = this.#watched();
    this.alarms = props.alarms === false ? undefined : makeAlarms(this, watched, props.alarmTopic);
    this.dashboard = props.dashboard === false ? undefined : makeDashboard(this, watched);
    if (props.outputs !== false) this.#makeOutputs(bundles, props);
  }

  /** Who may do what. Whoever runs users' functions reads the bucket; what is written lies below `runs/` and the prefixes for outputs. */
  #permit(permissions: Permissions, outputs: readonly string[], { sources = [] }: AbanicoProps): void {
    const { plan, collect, start, call, finish, fail } = this;
    const workers = this.#workers();
    for (const fn of [plan, ...workers, call]) {
      permissions.read(fn, [""]);
      for (const source of sources) permissions.read(fn, [""], source);
    }
    permissions.read(collect, ["runs/", "bundles/"]);
    for (const fn of [finish, fail]) permissions.read(fn, ["runs/"]);
    permissions.read(start, ["pipelines/"]);

    for (const fn of [plan, ...workers]) permissions.write(fn, ["runs/", ...outputs]);
    for (const fn of [collect, start, call, finish, fail]) permissions.write(fn, ["runs/"]);
    permissions.remove(plan, outputs);
    for (const fn of [collect, finish]) permissions.remove(fn, ["runs/"]);

    // A run that is cancelled while it is planned has a queue that nobody else will delete.
    permissions.runQueues(plan, ["sqs:CreateQueue", "sqs:DeleteQueue"]);
    for (const fn of workers) permissions.runQueues(fn, ["sqs:SendMessage"]);
    permissions.runQueues(collect, ["sqs:ReceiveMessage", "sqs:DeleteMessage"]);
    for (const fn of [finish, fail]) {
      // Whoever makes a queue that is there gets its URL.
      permissions.runQueues(fn, ["sqs:CreateQueue", "sqs:DeleteQueue"]);
      permissions.send(fn, this.resultsQueue);
    }
    allow(
      collect,
      ["lambda:InvokeFunction"],
      workers.map((fn) => fn.functionArn),
    );
    for (const fn of workers) allowItself(fn);
    allow(start, ["states:StartExecution"], [this.stateMachine.stateMachineArn]);
  }

  /** Calls that nobody waits for. Those of workers need no dead letters: Collect waits for each batch, and starts what does not come once more. */
  #catchLosses(): void {
    this.start.configureAsyncInvoke({
      onFailure: new SqsDestination(this.deadLetters),
      maxEventAge: Duration.hours(1),
      retryAttempts: 2,
    });
    for (const fn of this.#workers()) fn.configureAsyncInvoke({ maxEventAge: Duration.hours(6), retryAttempts: 2 });
  }

  #makeDropRule(prefixes: readonly string[]): Rule {
    const rule = new Rule(this, "Drops", {
      description: "Abanico: starts the pipelines that wait for a dropped file",
      eventPattern: {
        source: ["aws.s3"],
        detailType: ["Object Created"],
        detail: {
          bucket: { name: [this.bucket.bucketName] },
          object: { key: prefixes.map((prefix) => ({ prefix })) },
        },
      },
    });
    rule.addTarget(
      new LambdaFunction(this.start, {
        deadLetterQueue: this.deadLetters,
        maxEventAge: Duration.hours(1),
        retryAttempts: 8,
      }),
    );
    return rule;
  }

  #workers(): readonly Function[] {
    return this.workImage === undefined ? [this.work] : [this.work, this.workImage];
  }

  #functions(): Record<FunctionName, IFunction> | Record<Exclude<FunctionName, "work-image">, IFunction> {
    const { plan, work, workImage, collect, start, call, finish, fail } = this;
    const always = { plan, work, collect, start, call, finish, fail };
    return workImage === undefined ? always : { ...always, "work-image": workImage };
  }

  #watched(): Watched {
    return {
      machine: this.stateMachine,
      deadLetters: [this.deadLetters, this.resultsDeadLetters],
      functions: this.#functions(),
      blameless: [this.start, this.finish, this.fail],
      work: this.work,
    };
  }

  /** By these names, which `Client.connect` looks for. */
  #makeOutputs({ facts }: Bundles, props: AbanicoProps): void {
    const logs = [...Object.values(this.#functions())].flatMap((fn) =>
      "logGroup" in fn ? [(fn as Function).logGroup] : [],
    );
    const values = {
      Bucket: this.bucket.bucketName,
      StateMachineArn: this.stateMachine.stateMachineArn,
      StartFunction: this.start.functionName,
      CallFunction: this.call.functionName,
      ResultsQueueUrl: this.resultsQueue.queueUrl,
      QueuePrefix: this.queuePrefix,
      BundleHash: facts.hash,
      Version: facts.version,
      WorkMemory: String(memoryOf("work", props)),
      LogGroups: logs.map((group) => group.logGroupName).join(","),
    };
    for (const [name, value] of Object.entries(values))
      new CfnOutput(this, `${name}Output`, { value }).overrideLogicalId(name);
  }
}

function codeOf(name: FunctionName, bundles: Bundles, props: AbanicoProps): Code {
  if (name !== "work-image") return Code.fromAsset(bundles.folder, { exclude: [...bundles.without(name)] });
  return props.imageWorkerCode ?? Code.fromAsset(stageImageWorker(bundles, props.cache ?? defaultCache()));
}

/** A worker that is late hands the rest of its batch over. A policy of its own, since the function waits for its role's default one. */
function allowItself(fn: Function): void {
  if (fn.role === undefined) return;
  const statement = new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [fn.functionArn] });
  new Policy(fn, "ItselfPolicy", { roles: [fn.role], statements: [statement] });
}

/** What the run queues are named by: the stack, where it has one such construct that a client finds. @throws Error where that is too long */
function nameOf(construct: Abanico, { outputs }: AbanicoProps): string {
  const { stackName } = Stack.of(construct);
  if (outputs === false || Token.isUnresolved(stackName))
    return Names.uniqueResourceName(construct, { maxLength: LONGEST_NAME, separator: "-" });
  if (stackName.length <= LONGEST_NAME) return stackName;
  throw new Error(
    `Abanico: the stack's name may have ${LONGEST_NAME} characters, since it is part of the names of queues; "${stackName}" has ${stackName.length}.`,
  );
}
