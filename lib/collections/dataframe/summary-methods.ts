import type { DataFrame } from "./dataframe.ts";
import { RowMethods } from "./row-methods.ts";
import { describeNode, matrixNode, pivotNode, type DescribeOptions, type PivotOptions } from "./summaries.ts";

/** Methods that make small tables of large ones. */
export abstract class SummaryMethods extends RowMethods {
  /**
   * Statistics of the columns of numbers, as pandas has them: rows count, mean, std, min, quantiles and max (column "statistic"), a column each.
   * Quantiles are exact, and so hold a column's values in one place, at most 2^26; `approximate: true` finds them within 1 % of their value.
   */
  describe(options: DescribeOptions = {}): DataFrame {
    return this.make(describeNode(this.node, options));
  }

  /** Pearson's correlations of columns (default: all of int64 and float64), pair by pair over the rows where both have a value: column "column", then the matrix. See `Expression.corr`. */
  corr(...names: (string | readonly string[])[]): DataFrame {
    return this.make(matrixNode(this.node, "corr", names));
  }

  /** Covariances, as `corr`; divided by n − 1. */
  cov(...names: (string | readonly string[])[]): DataFrame {
    return this.make(matrixNode(this.node, "cov", names));
  }

  /**
   * A table of groups: a row for each combination of values of `index`, a column for each of `names`, and in the cells an aggregate of `values` over
   * the rows that have both. Null where there are none; but sums and counts are 0 (pandas: NaN).
   *
   * `frame.pivot({ index: "region", columns: "product", values: "price", aggregate: "mean", names: ["apple", "pear"] })`
   */
  pivot(options: PivotOptions): DataFrame {
    return this.make(pivotNode(this.node, options));
  }
}
