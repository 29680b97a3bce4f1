import { arch } from "node:process";
import { onnxRuntime } from "../kernels/array/onnx.ts";
import type { OtherGemm } from "../plan/lower/array/gemm.ts";

/** What makes products of matrices. "auto": onnxruntime-node where it is installed and wins. */
export type Gemm = "auto" | "abanico" | "onnxruntime";

/**
 * Operations of a product from which loading the library pays, about 0.07 s in each thread: half a second of one thread's work in double precision.
 * It wins by its wide vectors, which processors of x64 have: what it does on others nobody has measured.
 */
const FROM = 1e10;

/** How plans choose; undefined: only our own. */
export function otherGemm(gemm: Gemm = "abanico"): OtherGemm | undefined {
  if (gemm === "onnxruntime") return { isThere: () => onnxRuntime() !== undefined };
  if (gemm === "abanico" || arch !== "x64") return undefined;
  return { from: FROM, isThere };
}

let known: boolean | undefined;

/** Loaded, not only looked for: a package without the library for this machine would make workers fail. */
function isThere(): boolean {
  if (known !== undefined) return known;
  try {
    onnxRuntime();
    return (known = true);
  } catch {
    return (known = false);
  }
}
