/** Writes the array kernel's entry: a loop for each operation and type, over the generic functions in assembly/. */
import {
  BINARY,
  CHOICES,
  COMPARISONS,
  COPIES,
  ELEMENT_TYPES,
  EXTREMES,
  FILLS,
  FOLDS,
  GATHERS,
  MOMENTS,
  POSITIONS,
  RAMPS,
  RUNNING,
  TESTS,
  UNARY,
  type ElementType,
} from "./signatures.ts";
import { castLoop, fillLoop, mapLoop, maskLoop, rampLoop, typeOf, whereLoop, wideOf } from "./generate-loops.ts";

const wrapper = (name: string, parameters: string, target: string, args: string) =>
  `export function ${name}(${parameters}): void { ${target}(${args}); }`;

const BLOCK_PARAMETERS = "x: usize, outer: usize, rows: usize, cols: usize";
const BLOCK = "x, outer, rows, cols";

const FOLD_TARGETS: Readonly<Record<keyof typeof FOLDS, (t: string, wide: string) => string>> = {
  sum: (t, wide) => `sums.sum<${t}, ${wide}, Keep>`,
  prod: (t, wide) => `sums.prod<${t}, ${wide}, Keep>`,
  nansum: (t, wide) => `sums.sum<${t}, ${wide}, Skip>`,
  nanprod: (t, wide) => `sums.prod<${t}, ${wide}, Skip>`,
  nancount: (t) => `sums.count<${t}, Skip>`,
  countnonzero: (t) => `sums.count<${t}, Keep>`,
  any: (t) => `sums.truths<${t}, Most>`,
  all: (t) => `sums.truths<${t}, Least>`,
};
const EXTREME_TARGETS: Readonly<Record<keyof typeof EXTREMES, (t: string) => string>> = {
  min: (t) => `extremes.extremes<${t}, Least>`,
  max: (t) => `extremes.extremes<${t}, Most>`,
  nanmin: (t) => `extremes.nanExtremes<${t}, Least>`,
  nanmax: (t) => `extremes.nanExtremes<${t}, Most>`,
};

function each<K extends string>(
  table: Readonly<Record<K, readonly ElementType[]>>,
  make: (operation: K, type: ElementType) => string,
): string[] {
  // The table's own keys, which the type of Object.keys does not say.
  const operations = Object.keys(table) as K[];
  return operations.flatMap((operation) => table[operation].map((type) => make(operation, type)));
}

/** The entry's source. */
export function generateEntry(): string {
  const copies =
    "src: usize, srcRow: isize, srcCol: isize, dst: usize, dstRow: isize, dstCol: isize, rows: usize, cols: usize";
  return [
    ...["scalars", "floats", "vectors", "sums", "extremes", "moments", "movement", "random"].map(
      (file) => `import * as ${file} from "./${file}";`,
    ),
    'import { Keep, Least, Most, Skip } from "./markers";',
    'export { allocate, release } from "./memory";',
    'export { mergemoments } from "./moments";',
    'export { seedstream, bits as bits_u64, integers as integers_i64 } from "./random";',
    'export { belowat, permutedat, shuffle, uniformat } from "./indexed";',
    ...each(BINARY, (operation, type) => mapLoop(operation, type, ["a", "b"])),
    ...each(UNARY, (operation, type) => mapLoop(operation, type, ["a"])),
    ...each(COMPARISONS, (operation, type) => maskLoop(operation, type, ["a", "b"])),
    ...each(TESTS, (operation, type) => maskLoop(operation, type, ["a"])),
    ...each(CHOICES, (_, type) => whereLoop(type)),
    ...each(FILLS, (_, type) => fillLoop(type)),
    ...each(RAMPS, (_, type) => rampLoop(type)),
    ...ELEMENT_TYPES.flatMap((from) => ELEMENT_TYPES.map((to) => castLoop(from, to))),
    ...each(FOLDS, (operation, type) =>
      wrapper(
        `${operation}_${type}`,
        `${BLOCK_PARAMETERS}, states: usize`,
        FOLD_TARGETS[operation](typeOf(type), wideOf(type)),
        `${BLOCK}, states`,
      ),
    ),
    ...each(EXTREMES, (operation, type) =>
      wrapper(
        `${operation}_${type}`,
        `${BLOCK_PARAMETERS}, best: usize, seen: usize`,
        EXTREME_TARGETS[operation](typeOf(type)),
        `${BLOCK}, best, seen`,
      ),
    ),
    ...each(MOMENTS, (operation, type) =>
      wrapper(
        `${operation}_${type}`,
        `${BLOCK_PARAMETERS}, counts: usize, means: usize, m2s: usize`,
        `moments.moments<${typeOf(type)}, ${operation === "moments" ? "Keep" : "Skip"}>`,
        `${BLOCK}, counts, means, m2s`,
      ),
    ),
    ...each(POSITIONS, (operation, type) =>
      wrapper(
        `${operation}_${type}`,
        `${BLOCK_PARAMETERS}, from: f64, best: usize, at: usize`,
        `extremes.positions<${typeOf(type)}, ${operation === "argmin" ? "Least" : "Most"}>`,
        `${BLOCK}, from, best, at`,
      ),
    ),
    ...each(RUNNING, (operation, type) =>
      wrapper(
        `${operation}_${type}`,
        `${BLOCK_PARAMETERS}, carry: usize, out: usize`,
        `sums.${operation}<${typeOf(type)}, ${wideOf(type)}>`,
        `${BLOCK}, carry, out`,
      ),
    ),
    ...COPIES.copy2d.map((size) =>
      wrapper(`copy2d_${size}`, copies, `movement.copy2d<u${8 * size}>`, copies.replaceAll(/: [iu]size/g, "")),
    ),
    ...GATHERS.take.map((size) =>
      wrapper(
        `take_${size}`,
        "src: usize, indices: usize, out: usize, n: usize",
        `movement.take<u${8 * size}>`,
        "src, indices, out, n",
      ),
    ),
    ...["uniform", "normal", "exponential"].flatMap((name) =>
      ["f64", "f32"].map((type) =>
        wrapper(`${name}_${type}`, "state: usize, out: usize, n: usize", `random.${name}<${type}>`, "state, out, n"),
      ),
    ),
    "",
  ].join("\n");
}
