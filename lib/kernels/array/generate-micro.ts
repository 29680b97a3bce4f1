/**
 * Writes the innermost loop of products of matrices, whose block of C must be in locals to lie in registers: `ROWS` rows of `VECTORS` vectors, beside a
 * row of B and one element of A. Measured on x86-64: 6 by 2 and 4 by 3 are slower by a tenth, and unrolling gains nothing.
 */
const ROWS = 4;
const VECTORS = 2;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

function micro(type: "f32" | "f64"): string {
  const size = type === "f64" ? 8 : 4;
  const shape = type === "f64" ? "f64x2" : "f32x4";
  return [
    "// @ts-ignore: decorator",
    `@inline function multiplyAdd_${type}(a: v128, b: v128, c: v128): v128 {`,
    `  if (ASC_FEATURE_RELAXED_SIMD) return ${shape}.relaxed_madd(a, b, c);`,
    `  else return ${shape}.add(c, ${shape}.mul(a, b));`,
    "}",
    `export function micro_${type}(depth: usize, a: usize, b: usize, c: usize, cRow: isize): void {`,
    ...range(ROWS).flatMap((i) => range(VECTORS).map((j) => `  let c${i}${j} = ${shape}.splat(0);`)),
    `  for (const end = a + depth * ${size * ROWS}; a != end; a += ${size * ROWS}, b += ${16 * VECTORS}) {`,
    ...range(VECTORS).map((j) => `    const b${j} = v128.load(b, ${16 * j});`),
    ...range(ROWS).flatMap((i) => [
      `    const a${i} = v128.load${8 * size}_splat(a, ${size * i});`,
      ...range(VECTORS).map((j) => `    c${i}${j} = multiplyAdd_${type}(a${i}, b${j}, c${i}${j});`),
    ]),
    "  }",
    ...range(ROWS).flatMap((i) => [
      ...range(VECTORS).map((j) => `  v128.store(c, ${shape}.add(v128.load(c, ${16 * j}), c${i}${j}), ${16 * j});`),
      ...(i < ROWS - 1 ? ["  c += cRow;"] : []),
    ]),
    "}",
  ].join("\n");
}

/** The source of micro.ts. */
export const generateMicro = (): string =>
  [
    `export const MR: usize = ${ROWS};`,
    `export const NR64: usize = ${2 * VECTORS};`,
    `export const NR32: usize = ${4 * VECTORS};`,
    micro("f64"),
    micro("f32"),
    "",
  ].join("\n");
