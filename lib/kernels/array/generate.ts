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
  LIBRARY,
  MOMENTS,
  POSITIONS,
  RAMPS,
  RUNNING,
  TESTS,
  UNARY,
  type ElementType,
} from "./signatures.ts";

/** AssemblyScript's name of the type. */
const typeOf = (type: ElementType) => (type === "b1" ? "bool" : type);
const sizeOf = (type: ElementType) => (type === "b1" ? 1 : Number(type.slice(1)) / 8);
const isFloat = (type: ElementType) => type.startsWith("f");
/** The type of sums. */
const wideOf = (type: ElementType) => (isFloat(type) ? "f64" : type.startsWith("u") ? "u64" : "i64");

/** The loop's body for 16 bytes, over x and y of type v128; undefined where SIMD has nothing for it. */
function vectorOf(operation: string, type: ElementType): string | undefined {
  const size = sizeOf(type);
  if (type === "b1") {
    const logic: Record<string, string> = {
      add: "or",
      mul: "and",
      bitor: "or",
      logicalor: "or",
      bitand: "and",
      logicaland: "and",
      bitxor: "xor",
      logicalxor: "xor",
      minimum: "and",
      fmin: "and",
      maximum: "or",
      fmax: "or",
    };
    return operation in logic ? `v128.${logic[operation]}(x, y)` : undefined;
  }
  const generic = (name: string, ...args: string[]) => `v128.${name}<${type}>(${args.join(", ")})`;
  switch (operation) {
    case "add":
    case "sub":
      return generic(operation, "x", "y");
    case "mul":
      return size > 1 ? generic("mul", "x", "y") : undefined;
    case "square":
      return size > 1 ? generic("mul", "x", "x") : undefined;
    case "div":
      return generic("div", "x", "y");
    case "minimum":
    case "maximum":
    case "fmin":
    case "fmax":
      if (!isFloat(type))
        return size < 8
          ? generic(operation === "minimum" || operation === "fmin" ? "min" : "max", "x", "y")
          : undefined;
      if (operation === "minimum" || operation === "maximum") return generic(operation.slice(0, 3), "x", "y");
      return `vectors.${operation}<${type}>(x, y)`;
    case "bitand":
    case "bitor":
    case "bitxor":
      return `v128.${operation.slice(3)}(x, y)`;
    case "invert":
      return "v128.not(x)";
    case "neg":
      return generic("neg", "x");
    case "abs":
      return type.startsWith("u") ? "x" : generic("abs", "x");
    case "sqrt":
    case "floor":
    case "ceil":
    case "trunc":
      return generic(operation, "x");
    case "rint":
      return generic("nearest", "x");
    default:
      return undefined;
  }
}

/** A mask over x and y of type v128. */
function maskOf(operation: string, type: ElementType): string | undefined {
  const as = type === "b1" ? "u8" : type;
  switch (operation) {
    case "eq":
    case "ne":
      return `v128.${operation}<${as}>(x, y)`;
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return as === "u64" ? undefined : `v128.${operation}<${as}>(x, y)`;
    case "isnan":
      return `v128.ne<${as}>(x, x)`;
    case "isinf":
      return `v128.eq<${as}>(v128.abs<${as}>(x), v128.splat<${as}>(<${as}>Infinity))`;
    case "isfinite":
      return `v128.lt<${as}>(v128.abs<${as}>(x), v128.splat<${as}>(<${as}>Infinity))`;
    case "signbit":
      return as === "f64" ? "i64x2.shr_s(x, 63)" : "i32x4.shr_s(x, 31)";
    case "truth":
      return `v128.ne<${as}>(x, v128.splat<${as}>(0))`;
    default:
      return undefined;
  }
}

const scalarOf = (operation: string, type: ElementType, args: string) =>
  operation in LIBRARY
    ? `<${typeOf(type)}>NativeMath.${operation}(<f64>${args})`
    : `scalars.${operation}<${typeOf(type)}>(${args})`;

/** Four vectors in a turn, then single ones, then what is left. */
function mapLoop(operation: string, type: ElementType, inputs: readonly string[]): string {
  const [t, size] = [typeOf(type), sizeOf(type)];
  const advance = (bytes: number) => [...inputs, "out"].map((name) => `${name} += ${bytes}`).join(", ");
  const vector = vectorOf(operation, type);
  const names = ["x", "y"];
  const turn = (at: number) =>
    `{ ${inputs.map((name, i) => `const ${names[i]} = v128.load(${name}, ${at});`).join(" ")} v128.store(out, ${vector}, ${at}); }`;
  const loads = inputs.map((name) => `load<${t}>(${name})`).join(", ");
  return [
    `export function ${operation}_${type}(${inputs.map((name) => `${name}: usize`).join(", ")}, out: usize, n: usize): void {`,
    `  const end = out + n * ${size};`,
    ...(vector === undefined
      ? []
      : [
          `  for (; end - out >= 64; ${advance(64)}) { ${[0, 16, 32, 48].map(turn).join(" ")} }`,
          `  for (; end - out >= 16; ${advance(16)}) ${turn(0)}`,
        ]),
    `  for (; out < end; ${advance(size)}) store<${t}>(out, ${scalarOf(operation, type, loads)});`,
    "}",
  ].join("\n");
}

/** Sixteen elements in a turn, whose masks make one vector of booleans. */
function maskLoop(operation: string, type: ElementType, inputs: readonly string[]): string {
  const [t, size] = [typeOf(type), sizeOf(type)];
  const mask = maskOf(operation, type);
  const names = ["x", "y"];
  const masks = Array.from({ length: size }, (_, i) =>
    (mask ?? "").replace(/\b[xy]\b/g, (name) => `v128.load(${inputs[names.indexOf(name)]}, ${16 * i})`),
  );
  const advance = (count: number) =>
    [...inputs.map((name) => `${name} += ${count * size}`), `out += ${count}`].join(", ");
  return [
    `export function ${operation}_${type}(${inputs.map((name) => `${name}: usize`).join(", ")}, out: usize, n: usize): void {`,
    "  const end = out + n;",
    ...(mask === undefined
      ? []
      : [`  for (; end - out >= 16; ${advance(16)}) v128.store(out, vectors.booleans${size}(${masks.join(", ")}));`]),
    `  for (; out < end; ${advance(1)}) store<bool>(out, scalars.${operation}<${t}>(${inputs.map((name) => `load<${t}>(${name})`).join(", ")}));`,
    "}",
  ].join("\n");
}

function castLoop(from: ElementType, to: ElementType): string {
  const [t, u, size, outSize] = [typeOf(from), typeOf(to), sizeOf(from), sizeOf(to)];
  const head = `export function cast_${from}_${to}(a: usize, out: usize, n: usize): void {`;
  if (from === to || (size === outSize && !isFloat(from) && !isFloat(to) && to !== "b1"))
    return `${head}\n  memory.copy(out, a, n * ${size});\n}`;
  if (to === "b1") return `${head}\n  truth_${from}(a, out, n);\n}`;
  return `${head}\n  for (const end = out + n * ${outSize}; out < end; a += ${size}, out += ${outSize}) store<${u}>(out, floats.cast<${t}, ${u}>(load<${t}>(a)));\n}`;
}

function fillLoop(type: ElementType): string {
  const [t, size] = [typeOf(type), sizeOf(type)];
  const wide = type === "i64" || type === "u64" ? type : "f64";
  const body =
    size === 1
      ? `memory.fill(out, <u8>floats.cast<f64, ${t}>(value), n);`
      : `const element = floats.cast<${wide}, ${t}>(value); for (const end = out + n * ${size}; out < end; out += ${size}) store<${t}>(out, element);`;
  return `export function fill_${type}(value: ${wide}, out: usize, n: usize): void { ${body} }`;
}

/** Masks of as many elements as a step takes, from their booleans at `condition`: each 16 bytes. */
const WHERE_MASKS: Readonly<Record<number, readonly string[]>> = {
  1: ["i8x16.neg(v128.load(condition))"],
  2: ["i16x8.neg(v128.load8x8_u(condition))"],
  4: [
    "i32x4.extend_low_i16x8_s(i16x8.neg(v128.load8x8_u(condition)))",
    "i32x4.extend_high_i16x8_s(i16x8.neg(v128.load8x8_u(condition)))",
  ],
  8: ["low", "high"].flatMap((half) =>
    ["low", "high"].map(
      (quarter) =>
        `i64x2.extend_${quarter}_i32x4_s(i32x4.extend_${half}_i16x8_s(i16x8.neg(v128.load8x8_u(condition))))`,
    ),
  ),
};

function whereLoop(type: ElementType): string {
  const [t, size] = [`u${8 * sizeOf(type)}`, sizeOf(type)];
  const masks = WHERE_MASKS[size];
  const step = (16 * masks.length) / size;
  const advance = (count: number) =>
    `condition += ${count}, a += ${count * size}, b += ${count * size}, out += ${count * size}`;
  const reads = masks.map(
    (mask, i) => `const v${i} = v128.bitselect(v128.load(a, ${16 * i}), v128.load(b, ${16 * i}), ${mask});`,
  );
  const writes = masks.map((_, i) => `v128.store(out, v${i}, ${16 * i});`);
  return `export function where_${type}(condition: usize, a: usize, b: usize, out: usize, n: usize): void {
  const end = out + n * ${size};
  for (; end - out >= ${step * size}; ${advance(step)}) { ${[...reads, ...writes].join(" ")} }
  for (; out < end; ${advance(1)}) store<${t}>(out, select<${t}>(load<${t}>(a), load<${t}>(b), load<u8>(condition)));
}`;
}

const rampLoop = (type: ElementType) =>
  `export function affine_${type}(out: usize, n: usize, start: f64, step: f64, from: f64): void {
  for (const end = out + n * ${sizeOf(type)}; out < end; out += ${sizeOf(type)}, from += 1)
    store<${typeOf(type)}>(out, floats.cast<f64, ${typeOf(type)}>(start + from * step));
}`;

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
