import { kindOf } from "../frame/map/values.ts";
import { TypeMismatchError } from "../../errors.ts";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import { showItem, type Place } from "./user-errors.ts";

/** Which columns items have, and of what type: found partition by partition, merged in their order. */
export interface SchemaPartial {
  readonly columns: ReadonlyMap<string, ColumnSeen>;
}

interface ColumnSeen {
  /** Undefined while only nulls were seen. */
  type: ScalarType | undefined;
  /** The type is the user's, and is not looked for. */
  readonly given: boolean;
  /** Where the type was first seen, for messages. */
  where: string;
}

export const emptySchema = (): SchemaPartial => ({ columns: new Map() });

export class SchemaFinder {
  readonly #columns = new Map<string, ColumnSeen>();
  readonly #place: Place;
  #index = 0;

  constructor(place: Place, types: Readonly<Record<string, ScalarType>> = {}) {
    this.#place = place;
    for (const [name, type] of Object.entries(types)) this.#columns.set(name, { type, given: true, where: "types" });
  }

  add(items: readonly unknown[]): void {
    for (const item of items) {
      for (const [name, value] of Object.entries(rowOf(item, this.#index, this.#place))) this.#see(name, value);
      this.#index++;
    }
  }

  partial(): SchemaPartial {
    return { columns: this.#columns };
  }

  #see(name: string, value: unknown): void {
    const seen = this.#columns.get(name);
    if (seen?.given === true) return;
    const where = `item ${this.#index} of ${this.#place.partition}`;
    const type = value === null || value === undefined ? undefined : typeOf(value, name, where);
    if (seen === undefined) this.#columns.set(name, { type, given: false, where });
    else widen(seen, { type, given: false, where }, name);
  }
}

export function mergeSchemas(left: SchemaPartial, right: SchemaPartial): SchemaPartial {
  const columns = new Map([...left.columns].map(([name, seen]) => [name, { ...seen }]));
  for (const [name, seen] of right.columns) {
    const known = columns.get(name);
    if (known === undefined) columns.set(name, { ...seen });
    else if (!known.given) widen(known, seen, name);
  }
  return { columns };
}

/** A column without a value is float64, as pandas makes it. */
export function schemaOf({ columns }: SchemaPartial): Schema {
  return [...columns].map(([name, { type }]) => ({ name, type: type ?? "float64" }));
}

/** An item as a row. @throws TypeMismatchError */
export function rowOf(item: unknown, index: number, { partition }: Place): object {
  if (typeof item === "object" && item !== null && !Array.isArray(item)) return item;
  throw new TypeMismatchError(
    `toDataFrame(…) expects objects, found ${showItem(item)} (item ${index} of ${partition}).`,
    { fields: { index, partition }, fix: "map the items to objects first: .map((x) => ({ value: x }))." },
  );
}

function widen(seen: ColumnSeen, other: ColumnSeen, name: string): void {
  if (other.type === undefined || other.type === seen.type) return;
  const numbers = [seen.type, other.type].every((type) => type === "int64" || type === "float64");
  if (seen.type !== undefined && !numbers)
    throw new TypeMismatchError(
      `Column "${name}" of toDataFrame(…) has ${seen.type} (${seen.where}) and ${other.type} (${other.where}).`,
      {
        fields: { column: name, types: [seen.type, other.type] },
        fix: `map its values to one type, or pass toDataFrame({ types: { ${JSON.stringify(name)}: "string" } }).`,
      },
    );
  seen.where = seen.type === undefined ? other.where : seen.where;
  seen.type = seen.type === undefined ? other.type : "float64";
}

/** Whole numbers are int64, as JavaScript does not tell 1 from 1.0. */
function typeOf(value: unknown, name: string, where: string): ScalarType {
  const kind = kindOf(value);
  if (kind !== undefined && kind !== "nothing" && kind !== "timestamp") return kind;
  throw new TypeMismatchError(
    `Column "${name}" of toDataFrame(…) expects booleans, numbers, bigints or strings, found ${showItem(value)} (${where}).`,
    {
      fields: { column: name },
      fix: `map it to one of those first, or pass toDataFrame({ types: { ${JSON.stringify(name)}: "string" } }).`,
    },
  );
}
