import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Code, FunctionProps } from "aws-cdk-lib/aws-lambda";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { FunctionName } from "./bundles.ts";

/** All of it optional: `new Abanico(this, "Abanico")` is a whole deployment. */
export interface AbanicoProps {
  /**
   * The bucket for runs, results, pipelines and dropped files. Default: a new one. One of your own needs EventBridge notifications switched on for drops, and
   * a lifecycle rule for `runs/` to be kept tidy.
   */
  readonly bucket?: IBucket;
  /** Encrypts the bucket and the results queue. Default: keys that S3 and SQS manage, which cost nothing. A bucket of your own brings its own key. */
  readonly key?: IKey;
  /** Other buckets that pipelines may read. Default: none. Users' own policies can be added to `work.role` and the like. */
  readonly sources?: readonly IBucket[];
  /** Prefixes of the bucket that pipelines may write to and replace files in, besides `results/`. Default: `output/`. */
  readonly outputPrefixes?: readonly string[];
  /** A file that is put below one of these starts the pipelines that match it. Default: `incoming/`. None: no rule. */
  readonly dropPrefixes?: readonly string[];
  /** What becomes of the bucket when the stack goes. Default: it stays, since it holds your data. `DESTROY` takes an empty bucket only. */
  readonly removalPolicy?: RemovalPolicy;
  /** Objects of runs (plans, partials, kept collections) go after this time. Default: 7 days. */
  readonly runRetention?: Duration;
  /** Default: a month. */
  readonly logRetention?: RetentionDays;
  /** In MB; 1,769 are one processor. Defaults: 1,769; collect and finish, which hold what many workers made, 3,008. */
  readonly memory?: Partial<Record<FunctionName, number>>;
  /**
   * Batches that run at once. Default: 800, which leaves room in an account's quota of 1,000 concurrent Lambda executions. New accounts may have a quota of
   * 10: 8 is right there.
   */
  readonly maxConcurrency?: number;
  /** Concurrent executions set aside for a function, and its limit. Default: none is, all share the account's. */
  readonly reservedConcurrency?: Partial<Record<FunctionName, number>>;
  /** The function for images, which carries sharp (20 MB). Default: true. */
  readonly imageWorker?: boolean;
  /** Its code, where it should not be fetched from npm: a folder with `work-image.mjs`, all beside it, and `node_modules/sharp` for linux-arm64. */
  readonly imageWorkerCode?: Code;
  /** Is told of alarms. Default: alarms tell nobody. */
  readonly alarmTopic?: ITopic;
  /** Default: true. Ten alarms in an account are free, and these count as seven. */
  readonly alarms?: boolean;
  /** Default: true. Three dashboards in an account are free. */
  readonly dashboard?: boolean;
  /** X-Ray traces of functions and state machine, by its sampling rules. Default: true. */
  readonly tracing?: boolean;
  /**
   * Whether the stack has outputs (`Bucket`, `StateMachineArn`, …), by which `Client.connect("aws://REGION/STACK")` finds all else. Default: true. Of two in one
   * stack, one has to do without.
   */
  readonly outputs?: boolean;
  /** Anything else of a function, as a VPC. What you say here counts most. */
  readonly functions?: Partial<Record<FunctionName, Partial<FunctionProps>>>;
  /** The folder that `scripts/build-functions.ts` has made. Default: the one that comes with the package. */
  readonly bundles?: string;
  /** Where sharp for linux-arm64 is kept once it was fetched. Default: `node_modules/.cache/abanico-cdk` of the working folder. */
  readonly cache?: string;
}

/** Prefixes that the functions themselves write to, or that nobody but who deploys should: drops there would start runs by runs. */
const OWN_PREFIXES = ["runs/", "results/", "bundles/", "pipelines/"];

/** Of `dropPrefixes` and `outputPrefixes`. @throws Error */
export function checkedPrefixes(prop: string, prefixes: readonly string[]): readonly string[] {
  for (const prefix of prefixes) {
    if (!/^[A-Za-z0-9!_.'()/-]+\/$/.test(prefix) || prefix.startsWith("/"))
      throw new Error(
        `Abanico: ${prop} expects prefixes that end in "/", as "incoming/", found ${JSON.stringify(prefix)}.`,
      );
    const own = OWN_PREFIXES.find((one) => one.startsWith(prefix) || prefix.startsWith(one));
    if (own !== undefined)
      throw new Error(`Abanico: ${prop} may not hold "${prefix}": "${own}" is used by the runs themselves.`);
  }
  return prefixes;
}
