/**
 * The state machine, in Amazon States Language (JSONPath). What its functions tell each other is in lib/runtime/aws/protocol.ts.
 *
 *     Begin
 *        ▼
 *     Advance ─▶ What ─┬─▶ Finish ─▶ end
 *        ▲  │          └─▶ Worker | ImageWorker ─▶ Children ─▶ RoundExpress | RoundStandard ─┐
 *        │  └ error ─▶ Fail ─▶ Failed                                                        │
 *        └───────────────────────────── a round is over, or its error ◀──────────────────────┘
 *
 *     Round…: Parallel ┬ Distributed Map, a line of the manifest each: Work ─ error ─▶ Lost
 *                      └ inline Map, a lane each: Collect ⟲ until done
 *
 * - A run has the name of its execution: so it is started once, and an execution may be started by plain JSON too, which Advance makes a request of.
 * - Tasks call `lambda:invoke`, since errors of the service have names to retry on only there, and answer with `$.Payload`.
 * - A batch that fails for good goes to Lost, which tells Collect; so the map fails only where not even that is possible, and then the run does.
 * - A map's results go to S3: in a state's output, many of them would end the execution with an error that nothing catches.
 * - An Express child lives five minutes, whatever it does: its time limits and waits add up to less (see `EXPRESS`). Should one end so all the same, the
 *   map fails, and with it the run.
 */
export type State = Readonly<Record<string, unknown>>;

export interface Definition {
  readonly Comment: string;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** ARNs of the functions, and of what the service itself offers. */
export interface DefinitionParts {
  readonly plan: string;
  readonly work: string;
  /** Absent: images fail with an error that says so. */
  readonly workImage?: string;
  readonly collect: string;
  readonly finish: string;
  readonly fail: string;
  /** "aws", or that of China or the government. */
  readonly partition: string;
  /** Batches that run at once. */
  readonly maxConcurrency: number;
}

/** Of a task, in seconds. */
interface Limits {
  readonly timeout: number;
  /** Of Lost, which does next to nothing. */
  readonly lostTimeout: number;
  /** Throttles are waited out: with full jitter, in at most attempts × delay. */
  readonly throttled: { readonly attempts: number; readonly maxDelay: number };
  /** After a crash or a time-out of the function. */
  readonly crashed: number;
}

/** Together under 300: throttles 13 × 10 at most, one attempt of 100, Lost 30 and its throttles 3 × 10. Work that needs more gets Standard children. */
const EXPRESS: Limits = { timeout: 100, lostTimeout: 30, throttled: { attempts: 13, maxDelay: 10 }, crashed: 0 };
/** A function may take 900; throttles are waited out for an hour and more. */
const STANDARD: Limits = { timeout: 910, lostTimeout: 60, throttled: { attempts: 100, maxDelay: 60 }, crashed: 2 };

/** The service was at fault: a call may have run, and may run again. */
const SERVICE_FAULTS = [
  "Lambda.ServiceException",
  "Lambda.AWSLambdaException",
  "Lambda.SdkClientException",
  "Lambda.ClientExecutionTimeoutException",
  "Lambda.ResourceConflictException",
  "Lambda.ResourceNotReadyException",
];
/** The function ended without an answer: out of time or memory, or the process died. */
const CRASHES = ["Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError", "States.Timeout"];
/** By the library's own name: S3 or SQS did not answer after all retries. */
const STORE_FAULTS = ["StoreFaultError"];

export function definitionOf(parts: DefinitionParts): Definition {
  return {
    Comment: "Abanico: runs plans, stage by stage. See cdk/definition.ts.",
    StartAt: "Begin",
    States: {
      Begin: { Type: "Pass", Parameters: { "run.$": "$$.Execution.Name", "asked.$": "$" }, Next: "Advance" },
      Advance: {
        ...invoke(parts, parts.plan, "$", STANDARD),
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Fail" }],
        Next: "What",
      },
      What: {
        Type: "Choice",
        Choices: [
          { Variable: "$.action", StringEquals: "finish", Next: "Finish" },
          { Variable: "$.worker", StringEquals: "work-image", Next: "ImageWorker" },
        ],
        Default: "Worker",
      },
      Worker: { Type: "Pass", Result: parts.work, ResultPath: "$.function", Next: "Children" },
      ImageWorker:
        parts.workImage === undefined
          ? { Type: "Pass", Result: NO_IMAGE_WORKER, ResultPath: "$.error", Next: "Fail" }
          : { Type: "Pass", Result: parts.workImage, ResultPath: "$.function", Next: "Children" },
      Children: {
        Type: "Choice",
        Choices: [{ Variable: "$.children", StringEquals: "EXPRESS", Next: "RoundExpress" }],
        Default: "RoundStandard",
      },
      RoundExpress: round(parts, "EXPRESS"),
      RoundStandard: round(parts, "STANDARD"),
      Finish: {
        ...invoke(parts, parts.finish, "$", STANDARD),
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Fail" }],
        End: true,
      },
      Fail: {
        ...invoke(parts, parts.fail, "$", STANDARD, null),
        Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.failError", Next: "Failed" }],
        Next: "Failed",
      },
      Failed: { Type: "Fail", ErrorPath: "$.error.Error", CausePath: "$.error.Cause" },
    },
  };
}

const NO_IMAGE_WORKER = {
  Error: "NoImageWorker",
  Cause: "This stack has no function for images: deploy it again without imageWorker: false.",
};

/** Work and Collect side by side. Its input is the directive of Advance, which stays: Advance needs the run's name, and an error where there is one. */
function round(parts: DefinitionParts, kind: "EXPRESS" | "STANDARD"): State {
  const suffix = kind === "EXPRESS" ? "Express" : "Standard";
  return {
    Type: "Parallel",
    Branches: [
      { StartAt: `Map${suffix}`, States: { [`Map${suffix}`]: map(parts, kind, suffix) } },
      {
        StartAt: `Lanes${suffix}`,
        States: { [`Lanes${suffix}`]: lanes(parts, suffix) },
      },
    ],
    ResultPath: null,
    Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Advance" }],
    Next: "Advance",
  };
}

/** A Collect for each lane, most often one. All at once: each waits for messages, and may wait for another. */
function lanes(parts: DefinitionParts, suffix: string): State {
  const selected = OF_LANE.map((name) => [`${name}.$`, `$.${name}`]);
  return {
    Type: "Map",
    ItemsPath: "$.collects",
    ItemSelector: { ...Object.fromEntries(selected), "lane.$": "$$.Map.Item.Value" },
    ItemProcessor: {
      ProcessorConfig: { Mode: "INLINE" },
      StartAt: `Collect${suffix}`,
      States: {
        [`Collect${suffix}`]: { ...invoke(parts, parts.collect, "$", STANDARD), Next: `Collected${suffix}` },
        [`Collected${suffix}`]: {
          Type: "Choice",
          Choices: [
            {
              And: [
                { Variable: "$.done", IsPresent: true },
                { Variable: "$.done", BooleanEquals: true },
              ],
              Next: `Done${suffix}`,
            },
          ],
          Default: `Collect${suffix}`,
        },
        [`Done${suffix}`]: { Type: "Succeed" },
      },
    },
    ResultPath: null,
    End: true,
  };
}

/** What each lane is told of its round, and by which names; each batch is told which function works as well. */
const OF_LANE = ["run", "part", "stage", "round", "queue", "lanes"];
const OF_BATCH = [...OF_LANE, "function"];

function map(parts: DefinitionParts, kind: "EXPRESS" | "STANDARD", suffix: string): State {
  const limits = kind === "EXPRESS" ? EXPRESS : STANDARD;
  const selected = OF_BATCH.map((name) => [`${name}.$`, `$.${name}`]);
  return {
    Type: "Map",
    Label: suffix,
    MaxConcurrency: parts.maxConcurrency,
    ItemReader: {
      Resource: `arn:${parts.partition}:states:::s3:getObject`,
      ReaderConfig: { InputType: "JSONL" },
      Parameters: { "Bucket.$": "$.bucket", "Key.$": "$.manifest" },
    },
    ItemSelector: { ...Object.fromEntries(selected), "batch.$": "$$.Map.Item.Value" },
    ItemProcessor: {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: kind },
      StartAt: `Work${suffix}`,
      States: {
        [`Work${suffix}`]: {
          ...invoke(parts, { path: "$.function" }, "$", limits),
          Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.lost", Next: `Lost${suffix}` }],
          End: true,
        },
        [`Lost${suffix}`]: {
          ...invoke(parts, { path: "$.function" }, "$", {
            ...limits,
            timeout: limits.lostTimeout,
            throttled: { ...limits.throttled, attempts: 3 },
          }),
          End: true,
        },
      },
    },
    ResultWriter: {
      Resource: `arn:${parts.partition}:states:::s3:putObject`,
      Parameters: {
        "Bucket.$": "$.bucket",
        "Prefix.$": "States.Format('runs/{}/{}/{}/map-{}', $.run, $.part, $.stage, $.round)",
      },
      WriterConfig: { Transformation: "COMPACT", OutputType: "JSONL" },
    },
    ResultPath: null,
    End: true,
  };
}

/** Calls a function with what is at `payload`; its answer becomes the state's output, or (`resultPath` null) nothing does. */
function invoke(
  { partition }: DefinitionParts,
  fn: string | { readonly path: string },
  payload: string,
  limits: Limits,
  resultPath?: null,
): State {
  return {
    Type: "Task",
    Resource: `arn:${partition}:states:::lambda:invoke`,
    Parameters: {
      ...(typeof fn === "string" ? { FunctionName: fn } : { "FunctionName.$": fn.path }),
      "Payload.$": payload,
    },
    ...(resultPath === null ? { ResultPath: null } : { OutputPath: "$.Payload" }),
    TimeoutSeconds: limits.timeout,
    Retry: retries(limits),
  };
}

function retries({ throttled, crashed }: Limits): readonly State[] {
  const waiting = { BackoffRate: 2, JitterStrategy: "FULL" };
  const throttles = {
    ...waiting,
    ErrorEquals: ["Lambda.TooManyRequestsException"],
    IntervalSeconds: 1,
    MaxDelaySeconds: throttled.maxDelay,
    MaxAttempts: throttled.attempts,
  };
  const faults = { ...waiting, IntervalSeconds: 1, MaxDelaySeconds: 10 };
  const services = { ...faults, ErrorEquals: [...SERVICE_FAULTS, ...STORE_FAULTS], MaxAttempts: crashed === 0 ? 2 : 6 };
  const crashes = { ...faults, ErrorEquals: CRASHES, MaxAttempts: crashed };
  return crashed === 0 ? [throttles, services] : [throttles, services, crashes];
}
