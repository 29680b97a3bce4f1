import { readFile } from "node:fs/promises";
import { knownKeys, wholeNumber } from "../collections/options.ts";
import { NotFoundError, UnreadableError } from "../errors.ts";
import { LIBRARY_EXTENSION, LIBRARY_URL } from "../root.ts";
import type { Cloud, StackOutputs } from "../runtime/aws/cloud.ts";
import { cloudServices, type AwsClients } from "../runtime/aws/cloud-services.ts";
import { objectUrl } from "../runtime/aws/keys.ts";
import { createAwsRuntime } from "../runtime/aws/runtime.ts";
import { stackAddress, stackOutputs, type StackAddress } from "../runtime/aws/stack-outputs.ts";
import { defaultStore, type DefaultStore } from "../store/default-store.ts";
import type { S3Options } from "../store/s3-client.ts";
import { checkStore, commonParts, dollars, type ClientParts, type CommonOptions } from "./parts.ts";

/** A client of a stack. Credentials are those of the environment, as for every AWS tool. */
export interface AwsClientOptions extends CommonOptions {
  /** Calls of functions (`submit`, `map`, Delayed) at a time, at most; the account's quota may be less, and is found out. Default 256. */
  readonly concurrency?: number;
  /** Plans that are projected to cost more are refused before they run, in US dollars. Default: none is. */
  readonly maxCost?: number;
  /** Clients of the SDK of one's own, as for tests or other credentials. */
  readonly clients?: AwsClients;
  /** Of all services, as of an emulator. Default: the SDK's own, which reads `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string;
  /** Of the bucket alone; `region` and `endpoint` are the client's where they are not given here. */
  readonly s3?: S3Options;
}

const WHERE = "Client.connect";
const KEYS = ["concurrency", "maxCost", "clients", "endpoint", "s3", "store", "progress", "output"];

/** What is behind a client of a stack. @throws NotFoundError, UnreadableError, OptionError */
export async function awsParts(url: string, options: AwsClientOptions): Promise<ClientParts> {
  knownKeys(options, KEYS, WHERE);
  const common = commonParts(options, WHERE);
  const concurrency = wholeNumber(options.concurrency ?? 256, `${WHERE} option concurrency`, 1);
  const maxCost = options.maxCost === undefined ? {} : { maxCost: dollars(options.maxCost, `${WHERE} option maxCost`) };
  const { cloud, store } = await connectCloud(url, options);
  const bundle = await ownBundle();
  if (bundle !== undefined) refuseOtherCode(bundle, cloud);
  await checkBucket(cloud);
  const runtime = createAwsRuntime({
    cloud,
    concurrency,
    ...maxCost,
    ...(bundle === undefined ? {} : { bundle: bundle.hash }),
  });
  const memoryLimitBytes = cloud.stack.workMemoryMb * 2 ** 20;
  return { kind: "aws", runtime, cloud: runtime, store, workers: concurrency, threadsPerWorker: 1, memoryLimitBytes, ...common }; // prettier-ignore
}

/** A stack's services, of whatever version it is. @throws NotFoundError, UnreadableError, OptionError */
export async function connectCloud(
  url: string,
  options: Pick<AwsClientOptions, "clients" | "endpoint" | "s3" | "store"> = {},
): Promise<{ readonly cloud: Cloud; readonly store: DefaultStore }> {
  checkStore(options.store, WHERE);
  const address = stackAddress(url);
  const { clients, endpoint, s3 } = options;
  const at = endpoint === undefined ? {} : { endpoint };
  const store = options.store ?? defaultStore({ s3: { region: address.region, ...at, ...s3 } });
  const stack = await outputsOf(address, options);
  const cloud = cloudServices({ region: address.region, stack, store, ...(clients === undefined ? {} : { clients }), ...at }); // prettier-ignore
  return { cloud, store };
}

async function outputsOf(
  address: StackAddress,
  { clients, endpoint }: Pick<AwsClientOptions, "clients" | "endpoint">,
): Promise<StackOutputs> {
  if (clients?.cloudformation !== undefined) return stackOutputs(clients.cloudformation, address);
  const { CloudFormationClient } = await import("@aws-sdk/client-cloudformation");
  const { region } = address;
  return stackOutputs(new CloudFormationClient({ region, ...(endpoint === undefined ? {} : { endpoint }) }), address);
}

/** What the functions of this library's copy are, where they have been built. */
export interface OwnBundle {
  readonly hash: string;
  readonly version: string;
}

/** Undefined: they have not been built, and there is nothing to compare. */
export async function ownBundle(): Promise<OwnBundle | undefined> {
  const place = LIBRARY_EXTENSION === ".ts" ? "../dist/functions/bundle.json" : "functions/bundle.json";
  try {
    return JSON.parse(await readFile(new URL(place, LIBRARY_URL), "utf8")) as OwnBundle; // of scripts/build-functions.ts
  } catch {
    return undefined; // as when the sources run
  }
}

/** @throws UnreadableError */
export function refuseOtherCode(
  { hash, version }: OwnBundle,
  { stack, region }: Pick<Cloud, "stack" | "region">,
): void {
  if (stack.bundleHash === undefined || stack.bundleHash === hash) return;
  throw new UnreadableError(
    `The functions of the stack ${stack.stack} are others than this client's: version ${stack.version ?? "unknown"} there, ${version} here.`,
    {
      fields: { stack: stack.stack, region, expected: hash, found: stack.bundleHash },
      fix: `run npx abanico deploy --stack ${stack.stack} --region ${region}, or install the version that is deployed.`,
    },
  );
}

/** Whether the bucket is there, in this region, and may be used: said now, and not with the first run. @throws UnreadableError, NotFoundError */
export async function checkBucket(cloud: Cloud): Promise<void> {
  try {
    for await (const _ of cloud.store.list(objectUrl(cloud, "pipelines/none/"))) break;
  } catch (error) {
    if (error instanceof UnreadableError && typeof error.fields["bucket"] === "string" && /is in /.test(error.message))
      throw new UnreadableError(`${error.message}, and the stack ${cloud.stack.stack} in ${cloud.region}.`, {
        fields: error.fields,
        cause: error,
        fix: `a stack's bucket has to be in its region: deploy it with a bucket of ${cloud.region}, or without one of your own.`,
      });
    if (error instanceof NotFoundError)
      throw new NotFoundError(`The bucket ${cloud.bucket} of the stack ${cloud.stack.stack} is not there any more.`, {
        fields: { bucket: cloud.bucket },
        cause: error,
        fix: `run npx abanico destroy and npx abanico deploy --stack ${cloud.stack.stack} --region ${cloud.region}.`,
      });
    throw error;
  }
}
