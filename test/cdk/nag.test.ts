import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { App, Validations, type Stack } from "aws-cdk-lib";
import { Key } from "aws-cdk-lib/aws-kms";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { Topic } from "aws-cdk-lib/aws-sns";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AbanicoProps } from "../../cdk/abanico.ts";
import { definitionOf, type Definition } from "../../cdk/definition.ts";
import { AbanicoStack } from "../../cdk/stack.ts";
import { emptyBundles, quickly } from "./support.ts";

const execute = promisify(execFile);
let bundles: string;
beforeAll(() => {
  bundles = emptyBundles();
});
afterAll(() => rm(bundles, { recursive: true }));

/** Synthesises with cdk-nag's AwsSolutions: the template's path, or what the checks say. */
function checked(abanico: AbanicoProps | ((stack: Stack) => AbanicoProps)): string {
  const app = new App({ analyticsReporting: false, stackTraces: false, builtinCloudFormationValidation: false });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new AbanicoStack(app, "Abanico", { abanico });
  return app.synth().getStackByName("Abanico").templateFullPath;
}

/** All that changes what roles may do: a key, other buckets, a bucket and a topic of one's own. */
const withEverything = (stack: Stack): AbanicoProps => ({
  ...quickly(bundles),
  key: new Key(stack, "Key", { enableKeyRotation: true }),
  sources: [Bucket.fromBucketName(stack, "Source", "somebody-elses")],
  alarmTopic: Topic.fromTopicArn(stack, "Topic", "arn:aws:sns:eu-west-1:123456789012:alarms"),
});

test("cdk-nag has nothing to say: neither of the stack as it comes, nor with a key, sources and a topic", () => {
  expect(checked(quickly(bundles))).toMatch(/Abanico\.template\.json$/);
  expect(checked(withEverything)).toMatch(/Abanico\.template\.json$/);
});

test("cdk-nag would say it", () => {
  const careless = (stack: Stack): AbanicoProps => {
    new Bucket(stack, "Careless");
    return quickly(bundles);
  };
  expect(() => checked(careless)).toThrow(/AwsSolutions-S10/);
});

const cfnLint = await execute("cfn-lint", ["--version"]).then(
  ({ stdout }) => stdout,
  () => undefined,
);
if (cfnLint === undefined)
  console.log("test/cdk: cfn-lint is not installed, so that its tests are skipped: pip install cfn-lint");

/** A template of nothing but the state machine, with its definition as an object, which cfn-lint looks into. */
async function machineTemplate(name: string, change: (states: Definition["States"]) => object): Promise<string> {
  const arn = (fn: string) => `arn:aws:lambda:eu-west-1:123456789012:function:${fn}`;
  const [plan, work, workImage, collect, finish, fail] = ["p", "w", "i", "c", "f", "x"].map(arn);
  const functions = { plan, work, workImage, collect, finish, fail };
  const definition = definitionOf({ ...functions, partition: "aws", maxConcurrency: 800 });
  const Definition = { ...definition, States: change(definition.States) };
  const Properties = { RoleArn: "arn:aws:iam::123456789012:role/Role", Definition };
  const path = join(bundles, `${name}.json`);
  await writeFile(
    path,
    JSON.stringify({ Resources: { Machine: { Type: "AWS::StepFunctions::StateMachine", Properties } } }),
  );
  return path;
}

test.skipIf(cfnLint === undefined)(
  "cfn-lint has nothing to say, neither of the template nor of the definition, and finds what is wrong in another",
  { timeout: 120_000 },
  async () => {
    const template = checked(withEverything);
    const machine = await machineTemplate("machine", (states) => states);
    const broken = await machineTemplate("broken", ({ Advance, ...states }) => ({
      ...states,
      Advance: { ...Advance, Retry: [{ ErrorEquals: "States.ALL" }] },
    }));
    // W3005: CDK says by DependsOn what is clear anyway.
    const options = ["--ignore-checks", "W3005", "--format", "parseable"];
    const said = await execute("cfn-lint", [...options, "--", template, machine, broken]).then(
      ({ stdout }) => stdout,
      (error: { readonly stdout?: string }) => error.stdout ?? String(error),
    );
    const lines = said.split("\n").filter((line) => line !== "");
    expect(lines.filter((line) => !line.startsWith(broken))).toEqual([]);
    expect(lines.join("\n")).toContain("E3601");
  },
);
