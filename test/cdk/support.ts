import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "aws-cdk-lib/aws-lambda";
import type { AbanicoProps } from "../../cdk/abanico.ts";
import type { FunctionName } from "../../cdk/bundles.ts";
import type { Template, TemplateResource } from "../../cdk/synth.ts";

export const NAMES: readonly FunctionName[] = [
  "plan",
  "work",
  "work-image",
  "collect",
  "start",
  "call",
  "finish",
  "fail",
];

/** A folder like that of the functions, with next to nothing inside: what is asked of a template does not depend on them. */
export function emptyBundles(): string {
  const folder = mkdtempSync(join(tmpdir(), "abanico-bundles-"));
  for (const name of NAMES) writeFileSync(join(folder, `${name}.mjs`), `export const handler = () => "${name}";\n`);
  writeFileSync(
    join(folder, "bundle.json"),
    JSON.stringify({ hash: "0123456789abcdef", version: "1.2.3", sharp: "0.35.5", heavy: ["plan.mjs"] }),
  );
  return folder;
}

/** Props that synthesise quickly, from the folder above. */
export function quickly(bundles: string): AbanicoProps {
  return { bundles, imageWorkerCode: Code.fromAsset(bundles) };
}

export interface Found extends TemplateResource {
  readonly id: string;
}

/** The resources of a type, and that there are any. */
export function resourcesOf(template: Template, type: string): readonly Found[] {
  const found = Object.entries(template.Resources).flatMap(([id, one]) => (one.Type === type ? [{ ...one, id }] : []));
  if (found.length === 0) throw new Error(`There is no ${type} in the template.`);
  return found;
}

export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Of a policy document, as a list. */
export function statementsOf(document: unknown): readonly Statement[] {
  return (document as { readonly Statement: readonly Statement[] }).Statement; // what CloudFormation calls a policy document
}

export const listOf = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

/** A value of a template as text: `{ Ref: "A" }` as "<A>", names of resources without CDK's hashes. */
export function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const [name = "", inner] = Object.entries(value)[0] ?? [];
  if (name === "Fn::Join") {
    const [separator, parts] = inner as readonly [string, readonly unknown[]]; // as CloudFormation has it
    return parts.map(shown).join(separator);
  }
  const path = name === "Fn::GetAtt" ? (inner as readonly string[]).join(".") : String(inner);
  return `<${path.replace(/^Abanico(.+?)[0-9A-F]{8}/, "$1")}>`;
}
