import { checkBucket, ownBundle, refuseOtherCode } from "../client/connect-aws.ts";
import { AbanicoError, UnreadableError } from "../errors.ts";
import { awsError } from "../runtime/aws/aws-errors.ts";
import type { Cloud } from "../runtime/aws/cloud.ts";
import type { Arguments } from "./arguments.ts";
import { connectByUrl, stackOf, type Connect } from "./cloud-arguments.ts";
import type { Terminal } from "./terminal.ts";

/** What was looked at: in order, or what to do. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly says: string;
}

/** An account may run so many functions at once before a fan-out is worth it. */
const FEW = 100;

/** What Lambda allows an account, and whether the function for calls may be called; both best effort. */
export interface Quotas {
  concurrentExecutions(cloud: Cloud): Promise<number | undefined>;
  mayCall(cloud: Cloud): Promise<void>;
}

/** `abanico doctor`: what of credentials and stack is in order; a line each. */
export async function doctor(
  args: Arguments,
  terminal: Terminal,
  connect: Connect = connectByUrl,
  quotas: Quotas = lambdaQuotas,
): Promise<void> {
  const { stack, region, url } = stackOf(args);
  const findings: Finding[] = [];
  const look = async (what: string, body: () => Promise<string>): Promise<boolean> => {
    const finding = await found(what, body);
    findings.push(finding);
    if (!args.has("json")) await terminal.write(`${line(finding)}\n`);
    return finding.ok;
  };
  let cloud: Cloud | undefined;
  await look("stack", async () => {
    ({ cloud } = await connect(url));
    return `${stack} in ${region}, version ${cloud.stack.version ?? "unknown"}; the credentials are valid`;
  });
  if (cloud !== undefined) await lookAt(cloud, look, quotas);
  if (args.has("json")) await terminal.write(`${JSON.stringify(findings)}\n`);
  const failed = findings.filter(({ ok }) => !ok).length;
  if (failed > 0)
    throw new UnreadableError(`${failed} of ${findings.length} checks found something wrong.`, {
      fields: { failed: findings.filter(({ ok }) => !ok).map(({ what }) => what) },
    });
}

async function lookAt(
  cloud: Cloud,
  look: (what: string, body: () => Promise<string>) => Promise<boolean>,
  quotas: Quotas,
): Promise<void> {
  await look("bucket", async () => {
    await checkBucket(cloud);
    return cloud.bucket;
  });
  await look("state machine", async () => {
    const [latest] = await cloud.executions(1);
    return latest === undefined ? "no runs yet" : `the latest run is ${latest.run} (${latest.status})`;
  });
  await look("calls", async () => {
    await quotas.mayCall(cloud);
    return cloud.stack.callFunction;
  });
  await look("quota", async () => {
    const limit = await quotas.concurrentExecutions(cloud);
    if (limit === undefined) return "not known: these credentials may not ask (lambda:GetAccountSettings)";
    if (limit >= FEW) return `${limit} functions at once`;
    return `only ${limit} functions at once: ask for 1,000 in Service Quotas ("Concurrent executions" of Lambda); until then deploy with -c maxConcurrency=${Math.max(1, limit - 2)}`;
  });
  await look("code", async () => {
    const bundle = await ownBundle();
    if (bundle === undefined) return "the functions have not been built here: nothing to compare";
    refuseOtherCode(bundle, cloud);
    return `the same as this client's (${bundle.version})`;
  });
}

async function found(what: string, body: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, says: await body() };
  } catch (error) {
    if (!(error instanceof AbanicoError)) throw error;
    return { what, ok: false, says: error.message };
  }
}

function line({ what, ok, says }: Finding): string {
  return `${ok ? "ok  " : "FAIL"}  ${what.padEnd(13)}  ${says.replaceAll("\n", "\n                     ")}`;
}

const lambdaQuotas: Quotas = {
  async concurrentExecutions({ region }) {
    const sdk = await import("@aws-sdk/client-lambda");
    try {
      const settings = await new sdk.LambdaClient({ region }).send(new sdk.GetAccountSettingsCommand({}));
      return settings.AccountLimit?.ConcurrentExecutions;
    } catch {
      return undefined; // best effort: that it is not known is said
    }
  },
  async mayCall({ region, stack: { callFunction } }) {
    const sdk = await import("@aws-sdk/client-lambda");
    try {
      const dry = { FunctionName: callFunction, InvocationType: "DryRun" } as const;
      await new sdk.LambdaClient({ region }).send(new sdk.InvokeCommand(dry));
    } catch (thrown) {
      throw awsError(thrown, `call the function ${callFunction}`, `lambda:InvokeFunction on ${callFunction}`);
    }
  },
};
