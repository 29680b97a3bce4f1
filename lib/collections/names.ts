import type { Field, Schema } from "./schema.ts";

/** How many names a message lists. */
const LISTED = 20;

/** Names as messages list them, in quotes; of many the first ones. */
export function listed(names: readonly string[]): string {
  const texts = names.slice(0, LISTED).map((name) => JSON.stringify(name));
  const more = names.length - texts.length;
  return more > 0 ? `${texts.join(", ")} and ${more.toLocaleString("en")} more` : texts.join(", ");
}

/** The first name that comes a second time. */
export function namedTwice(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** What has been looked up before, so that a frame of 100,000 columns is not searched 100,000 times. A schema does not change. */
const indexes = new WeakMap<Schema, ReadonlyMap<string, Field>>();
/** Of fewer columns a search is quicker than an index. */
const FEW = 32;

/** The column of that name. */
export function findField(schema: Schema, name: string): Field | undefined {
  if (schema.length < FEW) return schema.find((field) => field.name === name);
  let index = indexes.get(schema);
  if (index === undefined) indexes.set(schema, (index = new Map(schema.map((field) => [field.name, field]))));
  return index.get(name);
}

/** The columns that are among these names, in the schema's order. */
export function fieldsAmong(schema: Schema, names: readonly string[]): Field[] {
  const wanted = new Set(names);
  return schema.filter(({ name }) => wanted.has(name));
}
