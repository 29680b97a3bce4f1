import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import type { AbanicoProps } from "./abanico.ts";

/** Reads a value of `cdk deploy -c KEY=VALUE`, or of `context` in `cdk.json`. */
type Read = (key: string) => string | undefined;

/**
 * The props that the command line has: what is text. Everything else is for a stack of one's own. Documented in docs/deploy.md.
 *
 * @throws Error that names the key, and what it expects
 */
export function propsOfContext(scope: Construct): AbanicoProps {
  const read: Read = (key) => {
    const value: unknown = scope.node.tryGetContext(key);
    return value === undefined || value === "" ? undefined : String(value);
  };
  const bucketName = read("bucket");
  const keyArn = read("keyArn");
  const key = keyArn === undefined ? undefined : Key.fromKeyArn(scope, "GivenKey", keyArn);
  const topic = read("alarmTopicArn");
  const sources = list(read, "sources");
  const workMemory = number(read, "workMemory");
  const days = number(read, "runRetentionDays");
  return defined({
    // A bucket that is given has its own key, which nobody knows by its name alone: that is the one.
    bucket:
      bucketName === undefined
        ? undefined
        : Bucket.fromBucketAttributes(scope, "GivenBucket", defined({ bucketName, encryptionKey: key })),
    key,
    alarmTopic: topic === undefined ? undefined : Topic.fromTopicArn(scope, "AlarmTopic", topic),
    sources: sources?.map((name, index) => Bucket.fromBucketName(scope, `Source${index}`, name)),
    outputPrefixes: list(read, "outputPrefixes"),
    dropPrefixes: list(read, "dropPrefixes"),
    maxConcurrency: number(read, "maxConcurrency"),
    memory: workMemory === undefined ? undefined : { work: workMemory, "work-image": workMemory },
    runRetention: days === undefined ? undefined : Duration.days(days),
    removalPolicy: choice(read, "removalPolicy", { retain: RemovalPolicy.RETAIN, destroy: RemovalPolicy.DESTROY }),
    imageWorker: choice(read, "imageWorker", SWITCH),
    alarms: choice(read, "alarms", SWITCH),
    dashboard: choice(read, "dashboard", SWITCH),
    tracing: choice(read, "tracing", SWITCH),
  });
}

const SWITCH = { true: true, false: false };

/** "a,b" as a list. "none" is an empty one. */
function list(read: Read, key: string): readonly string[] | undefined {
  const text = read(key);
  return text === "none" ? [] : text?.split(",").map((part) => part.trim());
}

function number(read: Read, key: string): number | undefined {
  const text = read(key);
  if (text === undefined) return undefined;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`-c ${key}=… expects a whole number from 1, found ${JSON.stringify(text)}.`);
}

function choice<T>(read: Read, key: string, values: Readonly<Record<string, T>>): T | undefined {
  const text = read(key)?.toLowerCase();
  if (text === undefined) return undefined;
  if (Object.hasOwn(values, text)) return values[text];
  throw new Error(`-c ${key}=… expects ${Object.keys(values).join(" or ")}, found ${JSON.stringify(text)}.`);
}

/** Without what is undefined, so that defaults hold. */
function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Entries of the object itself, less some.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
