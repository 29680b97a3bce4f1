/**
 * Writes the innermost loop of products of matrices, whose block of C must be in locals to lie in registers: `ROWS` rows of `VECTORS` vectors, beside a
 * row of B and one element of A. Engines have 16 registers of 128 bits at least on all machines that matter, one of them the engine's own.
 */
const ROWS = 4;
const VECTORS = 2;
/** Terms in one turn of the loop. */
const UNROLLED = 2;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

function micro(type: "f32" | "f64"): string {
  const size = type === "f64" ? 8 : 4;
  const shape = type === "f64" ? "f64x2" : "f32x4";
  const term = (step: number) => [
    ...range(VECTORS).map((j) => `    const b${j}_${step} = v128.load(b, ${16 * (j + VECTORS * step)});`),
    ...range(ROWS).flatMap((i) => [
      `    const a${i}_${step} = v128.load${8 * size}_splat(a, ${size * (i + ROWS * step)});`,
      ...range(VECTORS).map((j) => `    c${i}${j} = multiplyAdd_${type}(a${i}_${step}, b${j}_${step}, c${i}${j});`),
    ]),
  ];
  const advance = (steps: number) => `    a += ${size * ROWS * steps}; b += ${16 * VECTORS * steps};`;
  return [
    "// @ts-ignore: decorator",
    `@inline function multiplyAdd_${type}(a: v128, b: v128, c: v128): v128 {`,
    `  if (ASC_FEATURE_RELAXED_SIMD) return ${shape}.relaxed_madd(a, b, c);`,
    `  else return ${shape}.add(c, ${shape}.mul(a, b));`,
    "}",
    `export function micro_${type}(depth: usize, a: usize, b: usize, c: usize, cRow: isize): void {`,
    ...range(ROWS).flatMap((i) => range(VECTORS).map((j) => `  let c${i}${j} = ${shape}.splat(0);`)),
    `  const turns = a + (depth / ${UNROLLED}) * ${size * ROWS * UNROLLED};`,
    "  while (a != turns) {",
    ...range(UNROLLED).flatMap(term),
    advance(UNROLLED),
    "  }",
    `  for (let left = depth % ${UNROLLED}; left != 0; left--) {`,
    ...term(0),
    advance(1),
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
