import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  Architecture,
  type Code,
  Function,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { FunctionName } from "./bundles.ts";
import { acknowledgeWildcards, allow } from "./permissions.ts";
import type { AbanicoProps } from "./props.ts";

/** MB; 1,769 are one processor, and a task is one thread. */
const MEMORY: Readonly<Record<FunctionName, number>> = {
  plan: 1_769,
  work: 1_769,
  "work-image": 1_769,
  collect: 3_008,
  start: 512,
  call: 1_769,
  finish: 3_008,
  fail: 512,
};

/** Minutes. Whoever reads data may need all that Lambda gives. */
const TIMEOUT: Readonly<Record<FunctionName, number>> = {
  plan: 15,
  work: 15,
  "work-image": 15,
  collect: 15,
  start: 2,
  call: 15,
  finish: 15,
  fail: 2,
};

export function memoryOf(name: FunctionName, props: AbanicoProps): number {
  return props.functions?.[name]?.memorySize ?? props.memory?.[name] ?? MEMORY[name];
}

/** A function of a bundle, with a role and a log of its own. `id`: its construct's. */
export function makeFunction(
  scope: Construct,
  id: string,
  name: FunctionName,
  given: { readonly code: Code; readonly environment: Readonly<Record<string, string>>; readonly props: AbanicoProps },
): Function {
  const { code, environment, props } = given;
  const own = props.functions?.[name] ?? {};
  const logGroup = new LogGroup(scope, `${id}Log`, {
    retention: props.logRetention ?? RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = own.role ?? makeRole(scope, id, name, logGroup);
  const reserved = props.reservedConcurrency?.[name];
  return new Function(scope, id, {
    description: `Abanico: ${name}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code,
    handler: `${name}.handler`,
    role,
    memorySize: memoryOf(name, props),
    timeout: Duration.minutes(TIMEOUT[name]),
    tracing: props.tracing === false ? Tracing.DISABLED : Tracing.ACTIVE,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    // A batch is handed over with fewer tasks each time, which ends; Lambda would stop it after 16 times.
    ...(name.startsWith("work") ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
    ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
    ...own,
    environment: { ...environment, ...own.environment },
  });
}

function makeRole(scope: Construct, id: string, name: FunctionName, logGroup: LogGroup): Role {
  const role = new Role(scope, `${id}Role`, {
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    description: `Abanico: the function ${name}`,
  });
  // In place of AWS's managed policy, which allows writing to every log of the account.
  allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [logGroup.logGroupArn]);
  acknowledgeWildcards(role, ["*"], "all");
  return role;
}
