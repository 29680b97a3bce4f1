import { OptionError } from "../../errors.ts";
import { knownKeys } from "../options.ts";
import { ChunkedArray, type AnyArray } from "./chunked-array.ts";
import { isFloat } from "./dtype.ts";
import { svd } from "./linalg.ts";
import { checkAxes } from "./shape.ts";

export interface NormOptions {
  /**
   * Of vectors: 2 (default), 1, any other number p for (Σ|x|^p)^(1/p), 0 (how many are not 0), Infinity, -Infinity. Of matrices: "fro" (default), "nuc", 1 and -1 (sums of
   * columns), Infinity and -Infinity (of rows), 2 and -2 (singular values).
   */
  readonly ord?: number | "fro" | "nuc";
  /** One axis: of vectors along it; two: of the matrices in them. Default: of all elements, or, with `ord`, of the one or two axes there are. */
  readonly axis?: number | readonly number[];
  readonly keepdims?: boolean;
}

/** Norms of vectors and matrices, as numpy.linalg.norm. */
export function norm(x: AnyArray, options: NormOptions = {}): ChunkedArray<"float64" | "float32", number> {
  knownKeys(options, ["ord", "axis", "keepdims"], "norm(…)");
  const { ord, keepdims = false } = options;
  const wide = isFloat(x.dtype) ? x : x.astype("float64");
  const axes = checkAxes(options.axis, x.ndim, "norm(…)");
  const made =
    ord === undefined && (options.axis === undefined || axes.length <= 2)
      ? wide.map("square").sum({ axis: axes, keepdims }).sqrt()
      : axes.length === 1 && typeof ord === "number"
        ? ofVectors(wide, ord, axes[0], keepdims)
        : axes.length === 2 && ord !== undefined
          ? ofMatrices(wide, ord, axes, keepdims)
          : undefined;
  if (made === undefined)
    throw new OptionError(
      `norm(…) of order ${String(ord)} expects ${typeof ord === "number" ? "one axis or two" : "two axes"}; found ${axes.length}.`,
      { fix: "give the axis, or axes: norm(x, { ord: 1, axis: 0 })." },
    );
  return new ChunkedArray(made.node, options.axis === undefined && !keepdims);
}

function ofVectors(x: AnyArray, ord: number, axis: number, keepdims: boolean): AnyArray {
  const along = { axis, keepdims };
  if (ord === Infinity) return x.abs().max(along);
  if (ord === -Infinity) return x.abs().min(along);
  if (ord === 0) return x.ne(0).astype(x.dtype).sum(along);
  if (ord === 1) return x.abs().sum(along);
  if (ord === 2) return x.map("square").sum(along).sqrt();
  return x
    .abs()
    .pow(ord)
    .sum(along)
    .pow(1 / ord);
}

function ofMatrices(
  x: AnyArray,
  ord: number | "fro" | "nuc",
  axes: readonly number[],
  keepdims: boolean,
): AnyArray | undefined {
  const [rows, columns] = axes;
  const kept = { keepdims: true };
  const squeezed = (made: AnyArray): AnyArray => (keepdims ? made : made.squeeze(columns).squeeze(rows));
  switch (ord) {
    case "fro":
      return x.map("square").sum({ axis: axes, keepdims }).sqrt();
    case 1:
      return squeezed(
        x
          .abs()
          .sum({ axis: rows, ...kept })
          .max({ axis: columns, ...kept }),
      );
    case -1:
      return squeezed(
        x
          .abs()
          .sum({ axis: rows, ...kept })
          .min({ axis: columns, ...kept }),
      );
    case Infinity:
      return squeezed(
        x
          .abs()
          .sum({ axis: columns, ...kept })
          .max({ axis: rows, ...kept }),
      );
    case -Infinity:
      return squeezed(
        x
          .abs()
          .sum({ axis: columns, ...kept })
          .min({ axis: rows, ...kept }),
      );
  }
  if (x.ndim !== 2 || (ord !== 2 && ord !== -2 && ord !== "nuc"))
    throw new OptionError(
      `norm(…) of matrices expects an order of "fro", "nuc", 1, -1, 2, -2, Infinity or -Infinity (those of singular values of one matrix); found ${String(ord)} for ${x.ndim} axes.`,
    );
  const [, s] = svd(x);
  const made = ord === 2 ? s.max({ axis: 0 }) : ord === -2 ? s.min({ axis: 0 }) : s.sum({ axis: 0 });
  return keepdims ? made.reshape(1, 1) : made;
}
