import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { synthesize, type Synthesized, type Template } from "../../cdk/synth.ts";
import { policyTests } from "./policies.ts";
import { emptyBundles, listOf, NAMES, quickly, resourcesOf, shown, statementsOf } from "./support.ts";

let bundles: string;
let made: Synthesized;
let template: Template;

beforeAll(() => {
  bundles = emptyBundles();
  made = synthesize(quickly(bundles));
  template = made.template;
});
afterAll(() => rm(bundles, { recursive: true }));

/** Whether a resource's policy denies everything that comes without TLS. */
function deniesPlainText(type: string, property: string, id: string): boolean {
  return resourcesOf(template, type).some(
    ({ Properties }) =>
      listOf(Properties[property]).some((one) => JSON.stringify(one).includes(`"${id}"`)) &&
      statementsOf(Properties["PolicyDocument"]).some(
        ({ Effect, Principal, Condition }) =>
          Effect === "Deny" &&
          JSON.stringify(Principal) === '{"AWS":"*"}' &&
          JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
      ),
  );
}

describe("the bucket", () => {
  test("is private, encrypted, by TLS only, stays, and keeps runs for a week", () => {
    const [bucket, ...others] = resourcesOf(template, "AWS::S3::Bucket");
    expect(others).toEqual([]);
    expect(bucket["DeletionPolicy"]).toBe("Retain");
    expect(bucket.Properties).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: {
        Rules: [
          { Prefix: "runs/", ExpirationInDays: 7, Status: "Enabled" },
          { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: "Enabled" },
        ],
      },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    expect(deniesPlainText("AWS::S3::BucketPolicy", "Bucket", bucket.id)).toBe(true);
  });
});

describe("the queues", () => {
  test("are encrypted, by TLS only, and keep messages for 14 days", () => {
    const queues = resourcesOf(template, "AWS::SQS::Queue");
    expect(queues).toHaveLength(3);
    for (const { id, Properties } of queues) {
      expect(Properties, id).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
      expect(deniesPlainText("AWS::SQS::QueuePolicy", "Queues", id), id).toBe(true);
    }
  });

  test("lose nothing: results, events and calls that nobody could deal with go to dead letters", () => {
    const results = resourcesOf(template, "AWS::SQS::Queue").find(({ Properties }) => "RedrivePolicy" in Properties);
    expect(shown((results?.Properties["RedrivePolicy"] as Record<string, unknown>)["deadLetterTargetArn"])).toBe(
      "<ResultsDeadLetters.Arn>",
    );
    const [rule] = resourcesOf(template, "AWS::Events::Rule");
    const [target] = rule.Properties["Targets"] as readonly Record<string, Record<string, unknown>>[];
    expect(shown(target["DeadLetterConfig"]["Arn"])).toBe("<DeadLetters.Arn>");
    const start = resourcesOf(template, "AWS::Lambda::EventInvokeConfig").find(
      ({ Properties }) => shown(Properties["FunctionName"]) === "<Start>",
    );
    expect(JSON.stringify(start?.Properties["DestinationConfig"])).toContain("AbanicoDeadLetters");
  });
});

describe("the functions", () => {
  test("run on Node 24 and Graviton, by ES modules, with traces and a log that does not stay for ever", () => {
    const functions = resourcesOf(template, "AWS::Lambda::Function");
    expect(functions).toHaveLength(NAMES.length); // no custom resource among them
    const logs = new Map(resourcesOf(template, "AWS::Logs::LogGroup").map((one) => [one.id, one]));
    for (const { id, Properties } of functions) {
      expect(Properties, id).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        Handler: expect.stringMatching(/^[a-z-]+\.handler$/) as string,
        TracingConfig: { Mode: "Active" },
        LoggingConfig: { LogFormat: "JSON", LogGroup: { Ref: expect.any(String) as string } },
      });
      const { LogGroup } = Properties["LoggingConfig"] as { readonly LogGroup: { readonly Ref: string } };
      expect(logs.get(LogGroup.Ref)?.Properties["RetentionInDays"], id).toBe(30);
      logs.delete(LogGroup.Ref);
    }
    // Planning has all of the code, images theirs; the others share one copy.
    const keys = functions.map(({ Properties }) => JSON.stringify(Properties["Code"]));
    expect(new Set(keys).size).toBe(3);
    // What is left is the state machine's.
    expect([...logs.values()].map(({ Properties }) => Properties["RetentionInDays"])).toEqual([30]);
    expect([...logs.values()].map(({ Properties }) => Properties["LogGroupName"])).toEqual([
      expect.stringMatching(/^\/aws\/vendedlogs\/states\//),
    ]);
  });

  test("have a role each", () => {
    const roles = resourcesOf(template, "AWS::Lambda::Function").map(({ Properties }) => shown(Properties["Role"]));
    expect(new Set(roles).size).toBe(NAMES.length);
  });

  test("know what they need of the stack, and those of the state machine not the machine", () => {
    const { start, collect, work } = made.functions;
    expect(Object.keys(work?.environment ?? {}).toSorted()).toEqual([
      "ABANICO_BUCKET",
      "ABANICO_BUNDLE",
      "ABANICO_QUEUE_ARN_PREFIX",
      "ABANICO_QUEUE_PREFIX",
      "ABANICO_RESULTS_QUEUE_URL",
      "ABANICO_STACK",
      "ABANICO_WORKER",
      "ABANICO_WORK_MEMORY",
    ]);
    expect(shown(start?.environment["ABANICO_STATE_MACHINE_ARN"])).toBe("<Runs>");
    expect(shown(collect?.environment["ABANICO_WORK_FUNCTION"])).toBe("<Work>");
    expect(shown(collect?.environment["ABANICO_WORK_IMAGE_FUNCTION"])).toBe("<WorkImage>");
    expect(work?.environment).toMatchObject({ ABANICO_QUEUE_PREFIX: "Abanico-run-", ABANICO_WORK_MEMORY: "1769" });
  });
});

describe("the rest", () => {
  test("drops start runs only below their prefixes", () => {
    const [rule] = resourcesOf(template, "AWS::Events::Rule");
    expect(rule.Properties["EventPattern"]).toMatchObject({
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: { object: { key: [{ prefix: "incoming/" }] } },
    });
    const [permission] = resourcesOf(template, "AWS::Lambda::Permission");
    expect(shown(permission.Properties["SourceArn"])).toBe("<Drops.Arn>");
  });

  test("four alarms and a dashboard watch", () => {
    const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm");
    expect(alarms.map(({ Properties }) => Properties["AlarmDescription"]).toSorted()).toEqual([
      "Abanico: a function that starts or ends runs failed",
      "Abanico: a run failed",
      "Abanico: dead letters wait",
      "Abanico: workers were throttled for a quarter of an hour",
    ]);
    // As the docs say: an alarm on a sum is billed by its terms.
    const terms = alarms.map(({ Properties }) => listOf<{ MetricStat?: unknown }>(Properties["Metrics"] as never));
    expect(terms.reduce((sum, some) => sum + Math.max(1, some.filter((one) => "MetricStat" in one).length), 0)).toBe(7);
    expect(resourcesOf(template, "AWS::CloudWatch::Dashboard")).toHaveLength(1);
  });

  test("the outputs have the names that clients look for", () => {
    const outputs = Object.fromEntries(
      Object.entries(template.Outputs).map(([name, { Value }]) => [name, shown(Value)]),
    );
    expect(outputs).toMatchObject({
      Bucket: "<Bucket>",
      StateMachineArn: "<Runs>",
      StartFunction: "<Start>",
      CallFunction: "<Call>",
      ResultsQueueUrl: "<Results>",
      QueuePrefix: "Abanico-run-",
      BundleHash: "0123456789abcdef",
      Version: "1.2.3",
      WorkMemory: "1769",
    });
    expect(outputs["LogGroups"].split(",")).toHaveLength(NAMES.length);
  });

  test("nothing needs more than CloudFormation: no custom resources", () => {
    const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
    expect([...types].filter((type) => type.startsWith("Custom::") || type.includes("CustomResource"))).toEqual([]);
  });
});

describe("the roles", () => policyTests(() => template));
