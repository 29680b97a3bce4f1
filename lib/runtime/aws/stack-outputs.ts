import type { CloudFormationClient, Stack } from "@aws-sdk/client-cloudformation";
import { NotFoundError, OptionError, UnreadableError } from "../../errors.ts";
import { awsError } from "./aws-errors.ts";
import type { StackOutputs } from "./cloud.ts";

/** Memory of a worker where a stack does not say, in MB. */
const DEFAULT_MEMORY_MB = 2_048;

/** How one client is named: `aws://eu-west-1/Abanico`. */
export interface StackAddress {
  readonly region: string;
  readonly stack: string;
}

/** @throws OptionError */
export function stackAddress(url: string): StackAddress {
  const [, region, stack] = /^aws:\/\/([a-z]{2}(?:-[a-z]+)+-\d)\/([A-Za-z][A-Za-z0-9-]{0,127})\/?$/.exec(url) ?? [];
  if (region !== undefined && stack !== undefined) return { region, stack };
  throw new OptionError(`Client.connect(…) expects aws://REGION/STACK, found ${JSON.stringify(url)}.`, {
    fields: { url },
    fix: 'write a region and the name of a stack, as "aws://eu-west-1/Abanico".',
  });
}

/** Asks CloudFormation. @throws NotFoundError, UnreadableError */
export async function stackOutputs(
  client: Pick<CloudFormationClient, "send">,
  { region, stack }: StackAddress,
): Promise<StackOutputs> {
  const { DescribeStacksCommand } = await import("@aws-sdk/client-cloudformation");
  const doing = `describe the stack ${stack} in ${region}`;
  let found: Stack | undefined;
  try {
    const answer = await client.send(new DescribeStacksCommand({ StackName: stack }));
    found = answer.Stacks?.[0];
  } catch (thrown) {
    if (thrown instanceof Error && /does not exist/.test(thrown.message)) throw noStack(region, stack, thrown);
    throw awsError(thrown, doing, `cloudformation:DescribeStacks on the stack ${stack}`);
  }
  if (found === undefined) throw noStack(region, stack);
  const status = found.StackStatus ?? "";
  if (/^(CREATE_IN_PROGRESS|DELETE_|ROLLBACK_|CREATE_FAILED|REVIEW_IN_PROGRESS)/.test(status))
    throw new UnreadableError(`The stack ${stack} in ${region} is not usable: its status is ${status}.`, {
      fields: { stack, region, status },
      fix: status.endsWith("IN_PROGRESS")
        ? "wait until CloudFormation is through."
        : "see its events in CloudFormation, then npx abanico deploy.",
    });
  return outputsOf(found, { region, stack });
}

function outputsOf({ Outputs = [] }: Stack, { region, stack }: StackAddress): StackOutputs {
  const given = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey ?? "", OutputValue ?? ""]));
  const needed = (name: string): string => {
    const value = given.get(name);
    if (value !== undefined && value !== "") return value;
    throw new UnreadableError(
      `The stack ${stack} in ${region} has no output "${name}": it is none of Abanico's, or old.`,
      {
        fields: { stack, region, expected: name, found: [...given.keys()] },
        fix: `name the stack that holds the construct Abanico, or run npx abanico deploy --stack ${stack}.`,
      },
    );
  };
  const optional = (name: string, key: "resultsQueueUrl" | "bundleHash" | "version") => {
    const value = given.get(name);
    return value === undefined || value === "" ? {} : { [key]: value };
  };
  return {
    stack,
    bucket: needed("Bucket"),
    stateMachineArn: needed("StateMachineArn"),
    startFunction: needed("StartFunction"),
    callFunction: needed("CallFunction"),
    queuePrefix: given.get("QueuePrefix") ?? `${stack}-run-`,
    ...optional("ResultsQueueUrl", "resultsQueueUrl"),
    ...optional("BundleHash", "bundleHash"),
    ...optional("Version", "version"),
    workMemoryMb: Number(given.get("WorkMemory") ?? DEFAULT_MEMORY_MB),
    logGroups: (given.get("LogGroups") ?? "").split(",").filter((group) => group !== ""),
  };
}

function noStack(region: string, stack: string, cause?: unknown): NotFoundError {
  return new NotFoundError(`There is no stack ${stack} in ${region}.`, {
    fields: { stack, region },
    fix: `deploy it (npx abanico deploy --stack ${stack} --region ${region}), or correct the region or the name.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
