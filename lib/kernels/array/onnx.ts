import { createRequire } from "node:module";
import { infoOf, viewOf, type TypedArray } from "../../collections/array/dtype.ts";
import { OptionError } from "../../errors.ts";
import type { Arena, Block } from "./arena.ts";
import { gathered } from "./boxes.ts";
import type { MatrixLayout } from "./multiply.ts";

/**
 * Products of matrices by `onnxruntime-node`, where a plan says so (plan/lower/array/gemm.ts). Its loops have vectors of 256 and 512 bits, which WebAssembly has not.
 * It reads and writes the kernel's memory as it lies, where Node lets it: shared memory from Node 24 on. Elsewhere it gets copies.
 */

/** What is used of the package, which is an optional peer: no types of its own need to be installed. */
interface OnnxRuntime {
  readonly Tensor: new (type: FloatType, data: TypedArray, shape: readonly number[]) => object;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

interface Session {
  run(feeds: Readonly<Record<string, object>>, outputs: Readonly<Record<string, object>>): Promise<object>;
}

type FloatType = "float64" | "float32";

let library: OnnxRuntime | undefined;

/** The library, loaded when first asked for. @throws OptionError where it is not installed, or not for this machine */
export function onnxRuntime(): OnnxRuntime {
  try {
    library ??= createRequire(import.meta.url)("onnxruntime-node") as OnnxRuntime; // the package's main module
    return library;
  } catch (cause) {
    throw new OptionError(
      `Products of matrices are to be made by onnxruntime-node, which cannot be loaded here: ${String(cause).split("\n")[0]}`,
      { fix: 'npm install onnxruntime-node, or do without it: Client.local({ gemm: "abanico" }).', cause },
    );
  }
}

/** out += a b; `isFresh`: out holds zeros. In one thread, this one: so the bits do not depend on how many there are. */
export async function multiplyByOnnx(
  arena: Arena,
  a: MatrixLayout,
  b: MatrixLayout,
  out: Block,
  isFresh: boolean,
): Promise<void> {
  const dtype = out.dtype as FloatType; // the plan has no others
  const { Tensor } = onnxRuntime();
  const { session, takesShared } = await sessionOf(dtype);
  const [left, right] = [inOrder(arena, a), inOrder(arena, b)];
  const product = isFresh ? out : arena.block(dtype, out.shape);
  const elements = ({ address }: Block, rows: number, cols: number) => {
    const view = arena.view(dtype, address, rows * cols);
    return takesShared ? view : view.slice();
  };
  const made = elements(product, a.rows, b.cols);
  const feeds = {
    a: new Tensor(dtype, elements(left, a.rows, a.cols), [a.rows, a.cols]),
    b: new Tensor(dtype, elements(right, b.rows, b.cols), [b.rows, b.cols]),
  };
  await session.run(feeds, { c: new Tensor(dtype, made, [a.rows, b.cols]) });
  if (!takesShared) arena.view(dtype, product.address, made.length).set(made);
  if (left !== a.block) arena.release(left);
  if (right !== b.block) arena.release(right);
  if (product === out) return;
  const { code } = infoOf(dtype);
  arena.kernel.loop(`add_${code}`)(out.address, product.address, out.address, a.rows * b.cols);
  arena.release(product);
}

/** The matrix in C order: as it lies, or a copy. */
function inOrder(arena: Arena, { block, rows, cols, row, col }: MatrixLayout): Block {
  const { bytes } = infoOf(block.dtype);
  if (col === bytes && row === cols * bytes) return block;
  return gathered(arena, block.dtype, [rows, cols], { address: block.address, strides: [row, col] });
}

/** One for each dtype, of this thread. */
const sessions = new Map<FloatType, Promise<Opened>>();

interface Opened {
  readonly session: Session;
  readonly takesShared: boolean;
}

function sessionOf(dtype: FloatType): Promise<Opened> {
  let opened = sessions.get(dtype);
  if (opened === undefined) sessions.set(dtype, (opened = open(dtype)));
  return opened;
}

async function open(dtype: FloatType): Promise<Opened> {
  const { InferenceSession, Tensor } = onnxRuntime();
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, enableCpuMemArena: false, logSeverityLevel: 3 };
  const session = await InferenceSession.create(matmulModel(dtype), options);
  const one = () => new Tensor(dtype, viewOf(dtype, new SharedArrayBuffer(8), 0, 1), [1, 1]);
  try {
    await session.run({ a: one(), b: one() }, { c: one() });
    return { session, takesShared: true };
  } catch {
    return { session, takesShared: false };
  }
}

/** Numbers of onnx.proto: TensorProto.DataType. */
const ELEMENT_TYPE: Readonly<Record<FloatType, number>> = { float32: 1, float64: 11 };

/**
 * A model c = MatMul(a, b) of matrices of any size, as protobuf:
 *
 *     ModelProto         1 ir_version, 7 graph, 8 opset_import
 *     OperatorSetId      2 version (of the default domain)
 *     GraphProto         1 node, 2 name, 11 input, 12 output
 *     NodeProto          1 input, 2 output, 4 op_type
 *     ValueInfoProto     1 name, 2 type → TypeProto 1 tensor_type → Tensor 1 elem_type
 */
function matmulModel(dtype: FloatType): Uint8Array {
  const value = (name: string) => [...field(1, text(name)), ...field(2, field(1, number(1, ELEMENT_TYPE[dtype])))];
  const node = [...field(1, text("a")), ...field(1, text("b")), ...field(2, text("c")), ...field(4, text("MatMul"))];
  const graph = [
    ...field(1, node),
    ...field(2, text("product")),
    ...field(11, value("a")),
    ...field(11, value("b")),
    ...field(12, value("c")),
  ];
  return Uint8Array.from([...number(1, 8), ...field(7, graph), ...field(8, number(2, 13))]);
}

/** A field of bytes, fewer than 128: its number and wire type 2, the length, the bytes. */
const field = (id: number, bytes: readonly number[]): number[] => [(id << 3) | 2, bytes.length, ...bytes];

/** A field of a number below 128: its number and wire type 0, the number. */
const number = (id: number, value: number): number[] => [id << 3, value];

const text = (name: string): number[] => [...Buffer.from(name)];
