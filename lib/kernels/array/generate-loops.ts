import { LIBRARY, type ElementType } from "./signatures.ts";

/** Writes the loops of element-wise operations: for each operation and type one, by SIMD where that has something for it. */

/** AssemblyScript's name of the type. */
export const typeOf = (type: ElementType) => (type === "b1" ? "bool" : type);
const sizeOf = (type: ElementType) => (type === "b1" ? 1 : Number(type.slice(1)) / 8);
const isFloat = (type: ElementType) => type.startsWith("f");
/** The type of sums. */
export const wideOf = (type: ElementType) => (isFloat(type) ? "f64" : type.startsWith("u") ? "u64" : "i64");

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
export function mapLoop(operation: string, type: ElementType, inputs: readonly string[]): string {
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
export function maskLoop(operation: string, type: ElementType, inputs: readonly string[]): string {
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

export function castLoop(from: ElementType, to: ElementType): string {
  const [t, u, size, outSize] = [typeOf(from), typeOf(to), sizeOf(from), sizeOf(to)];
  const head = `export function cast_${from}_${to}(a: usize, out: usize, n: usize): void {`;
  if (from === to || (size === outSize && !isFloat(from) && !isFloat(to) && to !== "b1"))
    return `${head}\n  memory.copy(out, a, n * ${size});\n}`;
  if (to === "b1") return `${head}\n  truth_${from}(a, out, n);\n}`;
  return `${head}\n  for (const end = out + n * ${outSize}; out < end; a += ${size}, out += ${outSize}) store<${u}>(out, floats.cast<${t}, ${u}>(load<${t}>(a)));\n}`;
}

export function fillLoop(type: ElementType): string {
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

export function whereLoop(type: ElementType): string {
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

export const rampLoop = (type: ElementType) =>
  `export function affine_${type}(out: usize, n: usize, start: f64, step: f64, from: f64): void {
  for (const end = out + n * ${sizeOf(type)}; out < end; out += ${sizeOf(type)}, from += 1)
    store<${typeOf(type)}>(out, floats.cast<f64, ${typeOf(type)}>(start + from * step));
}`;
