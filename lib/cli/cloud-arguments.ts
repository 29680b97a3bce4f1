import type { Cloud } from "../runtime/aws/cloud.ts";
import type { Arguments, OptionSpecs } from "./arguments.ts";
import { UsageError } from "./usage.ts";

/** Which stack a command is about. */
export const STACK_OPTIONS: OptionSpecs = {
  stack: { value: "NAME", help: 'of the stack. Default: $ABANICO_STACK, "Abanico"' },
  region: { value: "REGION", help: "of the stack, as eu-west-1. Default: $AWS_REGION" },
};

export const DEPLOY_OPTIONS: OptionSpecs = {
  ...STACK_OPTIONS,
  yes: { help: "do not ask before anything is changed" },
  output: {
    value: "FOLDER",
    help: "keep there what the CDK makes of the app. Default: a temporary folder, deleted after",
  },
};

const OUT: OptionSpecs = {
  out: { value: "FILE", help: "write it there: .arrow and .csv for tables, anything else as JSON. Default: print it" },
};

export const SUBMIT_OPTIONS: OptionSpecs = {
  ...STACK_OPTIONS,
  id: { value: "ID", help: "names the run; submitted again with the same one, nothing new is started" },
  "max-cost": { value: "DOLLARS", help: "refuse what is projected to cost more" },
  notify: { help: "tell the stack's results queue when it is over" },
  wait: { help: "wait for the end, and print the result" },
  ...OUT,
};

export const RESUME_OPTIONS: OptionSpecs = {
  ...STACK_OPTIONS,
  wait: { help: "wait for the end, and print the result" },
  ...OUT,
};

export const RESULT_OPTIONS: OptionSpecs = { ...STACK_OPTIONS, ...OUT };

export const LOGS_OPTIONS: OptionSpecs = {
  ...STACK_OPTIONS,
  lines: { value: "N", help: "at most so many of the latest. Default 200" },
  since: { value: "TIME", help: "how long ago to begin, as 30min or 2h. Default: when the run began, or 1h" },
};

export const STATUS_OPTIONS: OptionSpecs = {
  ...STACK_OPTIONS,
  last: { value: "N", help: "without RUN: so many of the latest runs. Default 20" },
};

export const INVOKE_OPTIONS: OptionSpecs = {
  pipelines: { value: "FOLDER", help: "where pipelines by name lie, as in the bucket. Default: pipelines" },
  root: { value: "FOLDER", help: "take s3://BUCKET/KEY from FOLDER/KEY, and write it there. Default: from S3" },
  ...OUT,
};

/** How a command finds its stack: what tests put theirs in the place of. */
export type Connect = (url: string) => Promise<{ readonly cloud: Cloud }>;

export const connectByUrl: Connect = async (url) => (await import("../client/connect-aws.ts")).connectCloud(url);

/** @throws UsageError */
export function stackOf(args: Arguments): { readonly stack: string; readonly region: string; readonly url: string } {
  const stack = args.one("stack") ?? process.env["ABANICO_STACK"] ?? "Abanico";
  const region = args.one("region") ?? process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"];
  if (region === undefined || region === "")
    throw new UsageError("Which region?", "write --region eu-west-1, or set AWS_REGION.");
  return { stack, region, url: `aws://${region}/${stack}` };
}

/** The one run that a command is about. @throws UsageError */
export function runArgument({ positionals }: Arguments, command: string): string {
  const [run] = positionals;
  if (positionals.length === 1) return run;
  const found = positionals.length === 0 ? "Which run?" : `One run, found ${positionals.length} arguments.`;
  throw new UsageError(found, `write abanico ${command} RUN; abanico status lists the runs.`);
}

/** A sum in US dollars. @throws UsageError */
export function dollarsOption(args: Arguments, name: string): number | undefined {
  const text = args.one(name);
  if (text === undefined) return undefined;
  const value = Number(text.replace(/^\$/, ""));
  if (text !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`--${name} takes a sum in US dollars, found ${JSON.stringify(text)}.`);
}
