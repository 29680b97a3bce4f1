import { rm } from "node:fs/promises";
import { App, Stack } from "aws-cdk-lib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { propsOfContext } from "../../cdk/context.ts";
import { AbanicoStack } from "../../cdk/stack.ts";
import type { Template } from "../../cdk/synth.ts";
import { emptyBundles, listOf, quickly, resourcesOf, shown, statementsOf } from "./support.ts";

let bundles: string;
beforeAll(() => {
  bundles = emptyBundles();
});
afterAll(() => rm(bundles, { recursive: true }));

const KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555";

/** The stack that `cdk deploy -c KEY=VALUE …` makes. */
function deployed(context: Readonly<Record<string, string>>): Template {
  const app = new App({ context, analyticsReporting: false, builtinCloudFormationValidation: false });
  new AbanicoStack(app, "Abanico", { abanico: (stack) => ({ ...propsOfContext(stack), ...quickly(bundles) }) });
  return app.synth().getStackByName("Abanico").template as Template; // what synthesis gives is one
}

/** What a role may do with the key. */
function withKey(template: Template, role: string): readonly string[] {
  const actions = resourcesOf(template, "AWS::IAM::Policy").flatMap(({ Properties }) =>
    listOf(Properties["Roles"]).some((one) => shown(one) === `<${role}>`)
      ? statementsOf(Properties["PolicyDocument"]).flatMap(({ Action, Resource }) =>
          listOf(Resource).includes(KEY) ? listOf(Action) : [],
        )
      : [],
  );
  return [...new Set(actions)].toSorted();
}

test("whoever reads or writes a given bucket may use the given key", () => {
  const template = deployed({ bucket: "mine", keyArn: KEY });
  for (const name of ["Plan", "Work", "WorkImage", "Collect", "Start", "Call", "Finish", "Fail"])
    expect(withKey(template, `${name}Role`), name).toEqual(["kms:Decrypt", "kms:GenerateDataKey"]);
  expect(withKey(template, "RunsRole")).toEqual(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]);
  expect(Object.values(template.Resources).filter(({ Type }) => Type === "AWS::S3::Bucket")).toEqual([]);
});

test("without a key nobody may use any", () => {
  expect(JSON.stringify(deployed({ bucket: "mine" }))).not.toContain("kms:");
});

test.each([
  [{ maxConcurrency: "many" }, '-c maxConcurrency=… expects a whole number from 1, found "many".'],
  [{ workMemory: "0" }, '-c workMemory=… expects a whole number from 1, found "0".'],
  [{ alarms: "no" }, '-c alarms=… expects true or false, found "no".'],
  [{ removalPolicy: "delete" }, '-c removalPolicy=… expects retain or destroy, found "delete".'],
])("%j is refused", (context, message) => {
  expect(() => propsOfContext(new Stack(new App({ context })))).toThrow(message);
});
