import { join } from "node:path";
import { App } from "aws-cdk-lib";
import type { AbanicoProps } from "./abanico.ts";
import { bundlesIn, moduleOf, type FunctionName } from "./bundles.ts";
import { AbanicoStack } from "./stack.ts";

/** A template of CloudFormation, as far as its readers look. */
export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
  readonly [section: string]: unknown;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

export interface SynthesizedFunction {
  /** Of its resource. */
  readonly logicalId: string;
  /** The bundle's module, as an absolute path. Its `sharp` is the one of the machine that runs it. */
  readonly file: string;
  /** Name of the module's export. */
  readonly handler: string;
  /** As in the template: values may be `{ Ref }` and the like. */
  readonly environment: Readonly<Record<string, unknown>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

export interface Synthesized {
  readonly template: Template;
  readonly functions: Readonly<Partial<Record<FunctionName, SynthesizedFunction>>>;
  readonly bundleHash: string;
}

/**
 * The stack as a template, and where its functions' code lies: for tools that read or emulate it. `outdir`: for the cloud assembly; default a temporary
 * folder. Neither an account nor credentials are needed.
 */
export function synthesize({
  stackName = "Abanico",
  outdir,
  ...abanico
}: AbanicoProps & { readonly stackName?: string; readonly outdir?: string } = {}): Synthesized {
  // What CDK checks in five seconds, `cdk deploy` checks again.
  const quick = { analyticsReporting: false, stackTraces: false, builtinCloudFormationValidation: false };
  const app = new App({ ...quick, ...(outdir === undefined ? {} : { outdir }) });
  const stack = new AbanicoStack(app, stackName, { abanico });
  // What synthesis gives has the shape of a template.
  const template = app.synth().getStackByName(stackName).template as Template;
  const bundles = bundlesIn(abanico.bundles);
  const { plan, work, workImage, collect, start, call, finish, fail } = stack.abanico;
  const all = { plan, work, "work-image": workImage, collect, start, call, finish, fail };
  const functions: Partial<Record<FunctionName, SynthesizedFunction>> = {};
  for (const [key, fn] of Object.entries(all)) {
    if (fn === undefined) continue;
    const name = key as FunctionName; // a key of the object above
    const logicalId = stack.getLogicalId(fn.node.defaultChild as Parameters<typeof stack.getLogicalId>[0]); // its CfnFunction
    const { Properties } = template.Resources[logicalId];
    const environment = Properties["Environment"] as { readonly Variables: Readonly<Record<string, unknown>> };
    functions[name] = {
      logicalId,
      file: join(bundles.folder, moduleOf(name)),
      handler: "handler",
      environment: environment.Variables,
      timeoutSeconds: Number(Properties["Timeout"]),
      memoryMb: Number(Properties["MemorySize"]),
    };
  }
  return { template, functions, bundleHash: bundles.facts.hash };
}
