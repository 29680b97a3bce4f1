import type { Arena, Block } from "../arena.ts";

/** A float64 matrix in the kernel's memory, or a part of one: element (i, j) is `data[at + i * row + j * col]`. */
export interface Matrix {
  readonly data: Float64Array;
  /** Of `data[0]`, in bytes. */
  readonly address: number;
  readonly at: number;
  readonly row: number;
  readonly col: number;
  readonly rows: number;
  readonly cols: number;
}

/** Columns that algorithms work on at a time, before a product brings the rest up to date. */
export const PANEL = 48;

/** A block of one or two axes; of one axis a column. */
export function matrixOf(arena: Arena, { shape, address }: Block): Matrix {
  const [rows, cols = 1] = shape;
  // Good for as long as the block is: growing the memory detaches no view.
  return { data: arena.view("float64", address, rows * cols), address, at: 0, row: cols, col: 1, rows, cols };
}

/** A matrix of zeros, in a block of its own. */
export function zeroMatrix(arena: Arena, rows: number, cols: number): Matrix {
  const matrix = matrixOf(arena, arena.block("float64", [rows, cols]));
  matrix.data.fill(0);
  return matrix;
}

export function identity(arena: Arena, rows: number, cols = rows): Matrix {
  const matrix = zeroMatrix(arena, rows, cols);
  for (let i = 0; i < Math.min(rows, cols); i++) matrix.data[i * cols + i] = 1;
  return matrix;
}

/** The block of a whole matrix that `zeroMatrix` or `matrixOf` gave. */
export function blockOf({ address, rows, cols }: Matrix): Block {
  return { dtype: "float64", shape: [rows, cols], address };
}

/** Rows [r0, r1), columns [c0, c1): the same elements. */
export function part(m: Matrix, r0: number, r1: number, c0: number, c1: number): Matrix {
  return { ...m, at: m.at + r0 * m.row + c0 * m.col, rows: r1 - r0, cols: c1 - c0 };
}

export function transposed(m: Matrix): Matrix {
  return { ...m, row: m.col, col: m.row, rows: m.cols, cols: m.rows };
}

/** A copy in C order, times a factor. */
export function copyOf(arena: Arena, m: Matrix, factor = 1): Matrix {
  const made = matrixOf(arena, arena.block("float64", [m.rows, m.cols]));
  for (let i = 0; i < m.rows; i++)
    for (let j = 0; j < m.cols; j++) made.data[i * m.cols + j] = factor * m.data[m.at + i * m.row + j * m.col];
  return made;
}

/** c += a b. The columns of c lie side by side. */
export function addProduct(arena: Arena, a: Matrix, b: Matrix, c: Matrix): void {
  if (c.rows === 0 || c.cols === 0 || a.cols === 0) return;
  const { matrix } = arena.kernel;
  const scratch = arena.bytes(matrix.matrixscratch());
  const side = ({ address, at, row, col }: Matrix) => [address + 8 * at, 8 * row, 8 * col] as const;
  matrix.gemm_f64(...side(a), ...side(b), c.address + 8 * c.at, 8 * c.row, c.rows, c.cols, a.cols, scratch);
  arena.release({ address: scratch });
}

/** c −= a b; a is the narrow one, and copied. */
export function subtractProduct(arena: Arena, a: Matrix, b: Matrix, c: Matrix): void {
  const negative = copyOf(arena, a, -1);
  addProduct(arena, negative, b, c);
  arena.release(negative);
}

/** a b, in a block of its own. */
export function product(arena: Arena, a: Matrix, b: Matrix): Matrix {
  const made = zeroMatrix(arena, a.rows, b.cols);
  addProduct(arena, a, b, made);
  return made;
}

/** The first element, in C order, that is NaN or infinite; undefined: all are finite. */
export function firstNotFinite({ data, cols }: Matrix): readonly [number, number] | undefined {
  const at = data.findIndex((value) => !Number.isFinite(value));
  return at < 0 ? undefined : [Math.floor(at / cols), at % cols];
}
