import { knownKeys, wrong } from "../options.ts";
import type { Floating, ScalarOf } from "./array-base.ts";
import type { AnyArray, ChunkedArray } from "./chunked-array.ts";
import type { DType } from "./dtype.ts";
import { ElementwiseMethods } from "./elementwise-methods.ts";
import { makeReduce } from "./make-reduce.ts";
import { makeReshape } from "./make-shape.ts";
import type { ReductionName } from "./nodes.ts";
import { checkAxes, checkAxis } from "./shape.ts";

export interface ReduceOptions {
  /** One axis, or several; negative ones count from the end. Default: all. */
  readonly axis?: number | readonly number[];
  /** Whether the axes stay, with length 1. Default false. */
  readonly keepdims?: boolean;
}
export interface VarianceOptions extends ReduceOptions {
  /** The divisor is the count less this. Default 0, as NumPy. */
  readonly ddof?: number;
}
/** Over all axes: the result is one element. */
export interface Whole {
  readonly keepdims?: false;
}
export type WholeVariance = Whole & Pick<VarianceOptions, "ddof">;
type Sum<D extends DType> = D extends "float32" | "float64" ? D : DType;

const SPREADS: ReadonlySet<ReductionName> = new Set<ReductionName>(["var", "std", "nanvar", "nanstd"]);

/** What many elements come to: over all axes a number, over some an array. NaN counts as it does in NumPy; `nan…` leaves it out. */
export abstract class ReductionMethods<D extends DType, R> extends ElementwiseMethods<D, R> {
  /** Integers are added in 64 bits, and wrap. */
  sum(options?: Whole): ChunkedArray<DType, ScalarOf<D>>;
  sum(options: ReduceOptions): ChunkedArray<Sum<D>>;
  sum(options?: ReduceOptions): AnyArray {
    return this.#reduce("sum", options);
  }

  prod(options?: Whole): ChunkedArray<DType, ScalarOf<D>>;
  prod(options: ReduceOptions): ChunkedArray<Sum<D>>;
  prod(options?: ReduceOptions): AnyArray {
    return this.#reduce("prod", options);
  }

  /** NaN where there is no element. */
  mean(options?: Whole): ChunkedArray<Floating<D>, number>;
  mean(options: ReduceOptions): ChunkedArray<Floating<D>>;
  mean(options?: ReduceOptions): AnyArray {
    return this.#reduce("mean", options);
  }

  /** The mean squared deviation from the mean, computed stably (Chan, Golub, LeVeque 1983). */
  var(options?: WholeVariance): ChunkedArray<Floating<D>, number>;
  var(options: VarianceOptions): ChunkedArray<Floating<D>>;
  var(options?: VarianceOptions): AnyArray {
    return this.#reduce("var", options);
  }

  /** The square root of `var`. */
  std(options?: WholeVariance): ChunkedArray<Floating<D>, number>;
  std(options: VarianceOptions): ChunkedArray<Floating<D>>;
  std(options?: VarianceOptions): AnyArray {
    return this.#reduce("std", options);
  }

  /** NaN if one element is. @throws ShapeError where there is no element */
  min(options?: Whole): ChunkedArray<D, ScalarOf<D>>;
  min(options: ReduceOptions): ChunkedArray<D>;
  min(options?: ReduceOptions): AnyArray {
    return this.#reduce("min", options);
  }

  max(options?: Whole): ChunkedArray<D, ScalarOf<D>>;
  max(options: ReduceOptions): ChunkedArray<D>;
  max(options?: ReduceOptions): AnyArray {
    return this.#reduce("max", options);
  }

  /** Whether an element is other than 0 (NaN is). */
  any(options?: Whole): ChunkedArray<"bool", boolean>;
  any(options: ReduceOptions): ChunkedArray<"bool">;
  any(options?: ReduceOptions): AnyArray {
    return this.#reduce("any", options);
  }

  all(options?: Whole): ChunkedArray<"bool", boolean>;
  all(options: ReduceOptions): ChunkedArray<"bool">;
  all(options?: ReduceOptions): AnyArray {
    return this.#reduce("all", options);
  }

  /** How many elements are other than 0. */
  countNonzero(options?: Whole): ChunkedArray<"int64", number>;
  countNonzero(options: ReduceOptions): ChunkedArray<"int64">;
  countNonzero(options?: ReduceOptions): AnyArray {
    return this.#reduce("count", options);
  }

  /** Where the first smallest element is (the first NaN, if there is one); over all axes: its place in C order. */
  argmin(options?: Whole): ChunkedArray<"int64", number>;
  argmin(options: { readonly axis?: number; readonly keepdims?: boolean }): ChunkedArray<"int64">;
  argmin(options?: ReduceOptions): AnyArray {
    return this.#argument("argmin", options);
  }

  argmax(options?: Whole): ChunkedArray<"int64", number>;
  argmax(options: { readonly axis?: number; readonly keepdims?: boolean }): ChunkedArray<"int64">;
  argmax(options?: ReduceOptions): AnyArray {
    return this.#argument("argmax", options);
  }

  /** `sum` without NaN: of none 0. */
  nansum(options?: Whole): ChunkedArray<DType, ScalarOf<D>>;
  nansum(options: ReduceOptions): ChunkedArray<Sum<D>>;
  nansum(options?: ReduceOptions): AnyArray {
    return this.#reduce("nansum", options);
  }

  /** `mean` of what is not NaN: of none NaN. */
  nanmean(options?: Whole): ChunkedArray<Floating<D>, number>;
  nanmean(options: ReduceOptions): ChunkedArray<Floating<D>>;
  nanmean(options?: ReduceOptions): AnyArray {
    return this.#reduce("nanmean", options);
  }

  nanvar(options?: WholeVariance): ChunkedArray<Floating<D>, number>;
  nanvar(options: VarianceOptions): ChunkedArray<Floating<D>>;
  nanvar(options?: VarianceOptions): AnyArray {
    return this.#reduce("nanvar", options);
  }

  nanstd(options?: WholeVariance): ChunkedArray<Floating<D>, number>;
  nanstd(options: VarianceOptions): ChunkedArray<Floating<D>>;
  nanstd(options?: VarianceOptions): AnyArray {
    return this.#reduce("nanstd", options);
  }

  /** `min` of what is not NaN: of NaN alone NaN. */
  nanmin(options?: Whole): ChunkedArray<D, ScalarOf<D>>;
  nanmin(options: ReduceOptions): ChunkedArray<D>;
  nanmin(options?: ReduceOptions): AnyArray {
    return this.#reduce("nanmin", options);
  }

  nanmax(options?: Whole): ChunkedArray<D, ScalarOf<D>>;
  nanmax(options: ReduceOptions): ChunkedArray<D>;
  nanmax(options?: ReduceOptions): AnyArray {
    return this.#reduce("nanmax", options);
  }

  #reduce(fn: ReductionName, options: VarianceOptions = {}): AnyArray {
    knownKeys(options, ["axis", "keepdims", ...(SPREADS.has(fn) ? ["ddof"] : [])], `${fn}(…)`);
    const { ddof = 0 } = options;
    if (!Number.isFinite(ddof)) throw wrong(`${fn}(…) option ddof`, "a number", ddof);
    const axes = checkAxes(options.axis, this.ndim, `${fn}(…)`);
    const keepdims = options.keepdims ?? false;
    const node = makeReduce(this.node, { fn, axes, keepdims, ddof });
    return this.make(node, options.axis === undefined && !keepdims);
  }

  #argument(fn: "argmin" | "argmax", { axis, keepdims = false }: ReduceOptions = {}): AnyArray {
    if (axis !== undefined) return this.#reduce(fn, { axis: checkAxis(axis, this.ndim, `${fn}(…)`), keepdims });
    const flat = this.ndim === 1 ? this.node : makeReshape(this.node, [-1]);
    const node = makeReduce(flat, { fn, axes: [0], keepdims: false, ddof: 0 });
    return keepdims
      ? this.make(
          makeReshape(
            node,
            this.shape.map(() => 1),
          ),
        )
      : this.make(node, true);
  }
}
