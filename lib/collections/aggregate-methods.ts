import { makeAggregate, type Aggregate } from "./aggregate.ts";
import type { Interpolation } from "./aggregate-table.ts";
import { nodeOf, type Operand } from "./expression/base.ts";
import { TimeMethods } from "./expression/time-methods.ts";

export interface DeviationOptions {
  /** Delta degrees of freedom: sums are divided by n − ddof. Default 1, as in pandas; 0 for a whole population. */
  readonly ddof?: number;
}

/**
 * Aggregates of an expression, for `agg({ … })`. Null rules are pandas': a null is skipped, and so is NaN; what "value" means below is a value
 * that is neither. Dates and timestamps have count, min, max, first, last, nunique and mode.
 *
 * An aggregate is the same to the bit for any number of threads. Exact quantiles, nunique and mode hold the values of all groups (nunique and
 * mode: the different ones) where they are computed: with keys, large data are grouped in parts that fit; without keys the whole column is held,
 * at most 2^26 values (`OptionError` beyond: `quantileApprox` and `nuniqueApprox` need a few kB).
 */
export abstract class AggregateMethods extends TimeMethods {
  /** Sum of the values; 0 where there are none. int64 and bool: exact, `OverflowError` beyond 64 bits. float64: summed in twice the precision. */
  sum(): Aggregate {
    return makeAggregate("sum", [this.node]);
  }
  /** Mean of the values; null where there are none. float64. */
  mean(): Aggregate {
    return makeAggregate("mean", [this.node]);
  }
  /** Least value; null where there is none. Strings by code point. */
  min(): Aggregate {
    return makeAggregate("min", [this.node]);
  }
  /** Greatest value; null where there is none. */
  max(): Aggregate {
    return makeAggregate("max", [this.node]);
  }
  /** How many values there are. int64. */
  count(): Aggregate {
    return makeAggregate("count", [this.node]);
  }
  /** Variance of the values, divided by n − ddof (default 1); null where n is not more than ddof, NaN where a value is infinite. float64. */
  var(options: DeviationOptions = {}): Aggregate {
    return makeAggregate("var", [this.node], { ddof: options.ddof });
  }
  /** Standard deviation: the square root of `var`. */
  std(options: DeviationOptions = {}): Aggregate {
    return makeAggregate("std", [this.node], { ddof: options.ddof });
  }
  /** Standard error of the mean: `std` divided by √n. */
  sem(options: DeviationOptions = {}): Aggregate {
    return makeAggregate("sem", [this.node], { ddof: options.ddof });
  }
  /** Covariance with another expression over the rows where both have a value, divided by n − ddof (default 1); null where n is not more than ddof. float64. */
  cov(other: Operand, options: DeviationOptions = {}): Aggregate {
    return makeAggregate("cov", [this.node, nodeOf(other)], { ddof: options.ddof });
  }
  /** Pearson's correlation with another expression over the rows where both have a value, −1 to 1; null for fewer than two rows, or where one does not vary. float64. */
  corr(other: Operand): Aggregate {
    return makeAggregate("corr", [this.node, nodeOf(other)]);
  }
  /** The nth largest value, counted from 1 (to 100), equal ones one by one; null where there are fewer. Integers are taken as float64. float64. */
  nthLargest(n: number): Aggregate {
    return makeAggregate("nthLargest", [this.node], { n });
  }
  /** The nth smallest value, as `nthLargest`. */
  nthSmallest(n: number): Aggregate {
    return makeAggregate("nthSmallest", [this.node], { n });
  }
  /** First value, in the order of the files; null where there is none. */
  first(): Aggregate {
    return makeAggregate("first", [this.node]);
  }
  /** Last value, in the order of the files; null where there is none. */
  last(): Aggregate {
    return makeAggregate("last", [this.node]);
  }
  /** Whether a value is true (a number: not 0); false where there are none. bool. */
  any(): Aggregate {
    return makeAggregate("any", [this.node]);
  }
  /** Whether all values are true (numbers: not 0); true where there are none. bool. */
  all(): Aggregate {
    return makeAggregate("all", [this.node]);
  }
  /** The middle value, or the mean of the two in the middle; null where there are none. Exact. float64. */
  median(): Aggregate {
    return makeAggregate("median", [this.node]);
  }
  /**
   * The value below which a fraction q (0 to 1) of the values lies: at rank q(n − 1) of the sorted values, counted from 0. Between two ranks:
   * "linear" (default), "lower", "higher", "midpoint" or "nearest" (halves to the even rank), as NumPy and pandas have them. Null where there
   * are no values. Exact, but integers are taken as float64.
   */
  quantile(q: number, options: { readonly interpolation?: Interpolation } = {}): Aggregate {
    return makeAggregate("quantile", [this.node], { q, interpolation: options.interpolation });
  }
  /** How many different values there are; −0 and 0 are one. Exact. int64. */
  nunique(): Aggregate {
    return makeAggregate("nunique", [this.node]);
  }
  /** The most frequent value, of equally frequent ones the least (the first row of pandas' `mode`); null where there are none. */
  mode(): Aggregate {
    return makeAggregate("mode", [this.node]);
  }
  /**
   * How many different values there are, about: by a HyperLogLog of 4,096 registers (4 KiB a group at most) with Ertl's estimator. The standard
   * error is 1.6 % (of 1,000 columns about 997 are within 4.9 %); below some hundred values it is mostly exact. int64.
   */
  nuniqueApprox(): Aggregate {
    return makeAggregate("nuniqueApprox", [this.node]);
  }
  /**
   * A quantile within a relative error (0.0001 to 0.5, default 0.01): no further from the value at rank ⌊q(n − 1)⌋ than this part of it. By a
   * DDSketch, whose size depends on the range of the values, not their number: 1 kB to 20 kB a group. float64.
   */
  quantileApprox(q: number, options: { readonly error?: number } = {}): Aggregate {
    return makeAggregate("quantileApprox", [this.node], { q, error: options.error });
  }
}
