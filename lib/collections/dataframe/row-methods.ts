import { OptionError } from "../../errors.ts";
import { Expression } from "../expression.ts";
import { knownKeys, wholeNumber } from "../options.ts";
import { ColumnMethods } from "./column-methods.ts";
import type { DataFrame } from "./dataframe.ts";
import { describe } from "./describe-value.ts";
import { columnNames, sampleNode, sortKeys, type SampleOptions, type SortOptions } from "./operations.ts";

/** Methods that choose rows and put them in order. */
export abstract class RowMethods extends ColumnMethods {
  /** The rows for which the condition is true (not false, not null). */
  filter(condition: Expression): DataFrame {
    if (!(condition instanceof Expression))
      throw new OptionError(`filter(…) expects an expression, found ${describe(condition)}.`, {
        fix: 'write a condition over columns, as in col("quantity").gt(50).',
      });
    return this.make({ kind: "filter", input: this.node, condition: condition.node });
  }

  /** The first rows, in the order of the files. Reads no more shards than it takes. Default 5. */
  head(rows = 5): DataFrame {
    return this.make({ kind: "head", input: this.node, rows: wholeNumber(rows, "head(…)", 0) });
  }

  /** The same as `head`. */
  limit(rows: number): DataFrame {
    return this.head(rows);
  }

  /** The last rows, in the order of the files. Reads all of them. Default 5. */
  tail(rows = 5): DataFrame {
    return this.make({ kind: "tail", input: this.node, rows: wholeNumber(rows, "tail(…)", 0) });
  }

  /** All rows but the first, in the order of the files. */
  skip(rows: number): DataFrame {
    return this.make({ kind: "skip", input: this.node, rows: wholeNumber(rows, "skip(…)", 0) });
  }

  /**
   * A random part of the rows, in their order; the same for any block size and number of workers.
   *
   * `sample(0.1)`, `sample({ fraction: 0.1, seed })`: about this fraction of them, 0 to 1. Which, depends on the seed (default 0) and the rows' values
   * alone: equal rows are taken or left together. It costs one look at each row.
   *
   * `sample({ n: 100, seed })`: exactly so many of them, without repetition; all, where there are no more. Which, depends on the seed and on where rows
   * stand: those with the least hashes of their place. Rows have to be numbered for that, which keeps large data in parts (on disk beyond the memory limit).
   */
  sample(part: number | SampleOptions, options: Pick<SampleOptions, "seed"> = {}): DataFrame {
    knownKeys(options, ["seed"], "sample(…)");
    if (typeof part !== "object") return this.make(sampleNode(this.node, { ...options, fraction: part }));
    knownKeys(part, ["fraction", "n", "seed"], "sample(…)");
    return this.make(sampleNode(this.node, { ...options, ...part }));
  }

  /** Leaves out the rows that have a null in one of these columns; no names: in any column. NaN is a value, and stays. */
  dropNulls(...names: (string | readonly string[])[]): DataFrame {
    const flat = names.flat();
    if (flat.length === 0) return this.make({ kind: "dropNulls", input: this.node });
    return this.make({ kind: "dropNulls", input: this.node, names: columnNames(flat, "dropNulls(…)") });
  }

  /**
   * Of rows that are equal in these columns the first one, in the order of the files; no names: in all columns. Nulls (and NaN) are equal to
   * each other, as in pandas. Rows stay in order.
   */
  distinct(...names: (string | readonly string[])[]): DataFrame {
    const flat = names.flat();
    if (flat.length === 0) return this.make({ kind: "distinct", input: this.node });
    return this.make({ kind: "distinct", input: this.node, names: columnNames(flat, "distinct(…)") });
  }

  /**
   * The rows in the order of one or more columns, the first deciding first. Numbers by value, texts by code point, false before true.
   * Stable: equal rows stay in the order they were in. Nulls go last, and NaN with them, whatever the direction; `nulls: "first"` turns that.
   *
   * What is too large for one place is sorted in parts, each within the memory limit. With `head` behind it, no more than those rows are kept.
   */
  sort(by: string | readonly string[], options: SortOptions = {}): DataFrame {
    return this.make({ kind: "sort", input: this.node, keys: sortKeys(by, options, "sort(…)") });
  }

  /** The `rows` rows that are largest by these columns, largest first; `descending: false`: smallest. The same as `sort` and `head`. */
  topK(rows: number, by: string | readonly string[], options: SortOptions = {}): DataFrame {
    const keys = sortKeys(by, { descending: true, ...options }, "topK(…)");
    return this.make({ kind: "sort", input: this.node, keys }).head(wholeNumber(rows, "topK(…)", 0));
  }
}
