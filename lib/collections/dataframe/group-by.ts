import { OptionError } from "../../errors.ts";
import { Aggregate } from "../expression.ts";
import { DataFrame } from "./dataframe.ts";
import { describe } from "./describe-value.ts";
import type { FrameNode } from "./nodes.ts";

export interface GroupOptions {
  readonly keepNulls?: boolean;
}

/** Rows in groups: waits for `agg`. */
export class GroupBy {
  readonly #input: FrameNode;
  readonly #keys: readonly string[];
  readonly #keepNulls: boolean;

  constructor(input: FrameNode, keys: readonly string[], keepNulls: boolean) {
    this.#input = input;
    this.#keys = keys;
    this.#keepNulls = keepNulls;
  }

  /** One row a group: the keys, and how many rows it has. */
  size(name = "size"): DataFrame {
    return this.agg({ [name]: new Aggregate({ kind: "size" }) });
  }

  /** One row a group: the keys, then these aggregates by name. */
  agg(aggregates: Readonly<Record<string, Aggregate>>): DataFrame {
    const list = Object.entries(aggregates).map(([name, value]) => {
      if (!(value instanceof Aggregate))
        throw new OptionError(`agg({ ${name}: … }) expects an aggregate, found ${describe(value)}.`, {
          fix: `say how to combine the values, as in ${name}: col("${name}").sum().`,
        });
      if (this.#keys.includes(name))
        throw new OptionError(`agg({ ${name}: … }) has the name of a key.`, {
          fix: "give the aggregate another name.",
        });
      return { name, value: value.node };
    });
    return new DataFrame({
      kind: "group",
      input: this.#input,
      keys: this.#keys,
      aggregates: list,
      keepNulls: this.#keepNulls,
    });
  }
}
