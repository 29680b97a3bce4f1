import { AggregateMethods } from "./aggregate-methods.ts";
import { makeWindow, type Window } from "./window.ts";

export interface RollingOptions {
  /** How many values a window must have; with fewer it is null. Default: as many as it has rows. */
  readonly minPeriods?: number;
}

/** A window of rows: this one and those before it. */
export interface Rolling {
  sum(): Window;
  mean(): Window;
  min(): Window;
  max(): Window;
}

/**
 * Functions of a row and its neighbours in the order of the frame, for `window({ … })`. Null rules are pandas': a null, and NaN as well, is no
 * value, and stays null in what runs along.
 */
export abstract class WindowMethods extends AggregateMethods {
  /** Sum of the values so far. int64 and bool: int64, exact (`OverflowError` beyond 64 bits); float64: summed in twice the precision. */
  cumsum(): Window {
    return makeWindow("cumsum", this.node);
  }
  /** Least value so far; the type stays. */
  cummin(): Window {
    return makeWindow("cummin", this.node);
  }
  /** Greatest value so far; the type stays. */
  cummax(): Window {
    return makeWindow("cummax", this.node);
  }
  /** How many values there are so far, this one included; never null. int64. */
  cumcount(): Window {
    return makeWindow("cumcount", this.node);
  }
  /** The value `rows` (default 1) rows before; with a negative number, behind. Null beyond the first and last row. */
  shift(rows = 1): Window {
    return makeWindow("shift", this.node, { rows });
  }
  /** The difference from the value `rows` (default 1) rows before; null where either is null. Of dates in days, of timestamps in µs (int64). */
  diff(rows = 1): Window {
    return makeWindow("diff", this.node, { rows });
  }
  /** The last `rows` rows, this one included, as one window: `rolling(7).mean()`. float64. */
  rolling(rows: number, options: RollingOptions = {}): Rolling {
    const of = (kind: "rollingSum" | "rollingMean" | "rollingMin" | "rollingMax") => () =>
      makeWindow(kind, this.node, { rows, minPeriods: options.minPeriods });
    return { sum: of("rollingSum"), mean: of("rollingMean"), min: of("rollingMin"), max: of("rollingMax") };
  }
}
