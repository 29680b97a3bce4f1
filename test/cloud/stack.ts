import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from "@aws-sdk/client-cloudformation";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutBucketNotificationConfigurationCommand, S3Client } from "@aws-sdk/client-s3";
import { fileURLToPath } from "node:url";
import type { FunctionName } from "../../cdk/abanico.ts";
import type { Synthesized } from "../../cdk/synth.ts";
import type { AwsClientOptions } from "../../lib/client/connect-aws.ts";
import { ownBundle } from "../../lib/client/connect-aws.ts";
import type { Emulator } from "./emulator.ts";
import { prepared, STACK } from "./prepared.ts";

/** A stack in the emulated account. */
export interface EmulatedStack {
  /** What `Client.connect` takes, and what has to go with it. */
  readonly url: string;
  readonly options: AwsClientOptions;
  /** As the template names them. */
  readonly outputs: { readonly [name: string]: string };
  /** Names that the functions have in the account. */
  readonly functions: { readonly [name in FunctionName]?: string };
}

export interface StackOptions {
  /** How long functions may run, in milliseconds. Default: what the stack says, minutes. */
  readonly timeoutMs?: { readonly [name in FunctionName]?: number };
  /** Functions whose sources run in place of their bundles: with modules of tests, they share the classes of errors. */
  readonly sources?: readonly FunctionName[];
  /** Threads of a function at a time. Default 3 of what works, 2 of the others. */
  readonly environments?: { readonly [name in FunctionName]?: number };
}

/** Creates the stack that the construct synthesises, and registers the real bundles as its functions. */
export async function createStack(emulator: Emulator, options: StackOptions = {}): Promise<EmulatedStack> {
  const made = await prepared();
  const hash = (await ownBundle())?.hash ?? made.bundleHash;
  const cloudformation = new CloudFormationClient(emulator.config);
  const TemplateBody = templateFor(made, hash);
  await cloudformation.send(
    new CreateStackCommand({ StackName: STACK, TemplateBody, Capabilities: ["CAPABILITY_IAM"] }),
  );
  const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName: STACK }));
  const [{ StackStatus, Outputs = [] }] = Stacks;
  if (StackStatus !== "CREATE_COMPLETE") throw new Error(`the stack is ${StackStatus}`);
  const found = await cloudformation.send(new DescribeStackResourcesCommand({ StackName: STACK }));
  const names = new Map(
    found.StackResources?.map(({ LogicalResourceId, PhysicalResourceId }) => [LogicalResourceId, PhysicalResourceId]),
  );
  await tellOfObjects(emulator, made, (id) => names.get(id) ?? "");

  const lambda = new LambdaClient(emulator.config);
  const functions: { [name in FunctionName]?: string } = {};
  for (const [key, fn] of Object.entries(made.functions)) {
    const name = key as FunctionName; // as synthesize gives them
    const FunctionName = names.get(fn.logicalId) ?? "";
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    await emulator.register({
      name: FunctionName,
      file: options.sources?.includes(name) === true ? sourceOf(name) : fn.file,
      handler: fn.handler,
      env: Environment?.Variables ?? {},
      memoryMb: fn.memoryMb,
      timeoutMs: options.timeoutMs?.[name] ?? fn.timeoutSeconds * 1000,
      environments: options.environments?.[name] ?? (name === "work" || name === "call" ? 3 : 2),
    });
    functions[name] = FunctionName;
  }
  const { endpoint, region, config } = emulator;
  const outputs = Object.fromEntries(Outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]));
  return {
    url: `aws://${region}/${STACK}`,
    options: { endpoint, s3: config.credentials, progress: false },
    outputs,
    functions,
  };
}

const sourceOf = (name: FunctionName): string => fileURLToPath(new URL(`../../functions/${name}.ts`, import.meta.url));

/** The template asks for events of what is put into buckets; the emulated CloudFormation passes over that. */
async function tellOfObjects(
  { config }: Emulator,
  { template }: Synthesized,
  named: (id: string) => string,
): Promise<void> {
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type !== "AWS::S3::Bucket" || !JSON.stringify(Properties).includes('"EventBridgeEnabled":true')) continue;
    const NotificationConfiguration = { EventBridgeConfiguration: {} };
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: named(id), NotificationConfiguration }));
  }
}

/**
 * The template without what the emulator does not have: the check of the bootstrap, and the zipped code. `hash` is that of this library's bundles, which
 * clients compare with; those of the stack are made from the same sources.
 */
function templateFor({ template, bundleHash }: Synthesized, hash: string): string {
  const { Rules: _rules, Parameters: _parameters, ...rest } = template;
  const resources = Object.entries(template.Resources).map(([id, resource]) => {
    if (resource.Type !== "AWS::Lambda::Function") return [id, resource] as const;
    return [id, { ...resource, Properties: { ...resource.Properties, Code: { ZipFile: "//" } } }] as const;
  });
  return JSON.stringify({ ...rest, Resources: Object.fromEntries(resources) }).replaceAll(bundleHash, hash);
}
