/** The public face of Abanico: re-exports only, and the one line that lets bare `compute()` start a client. */
import { setFallbackExecutor } from "./collections/executor.ts";

export type { Table } from "apache-arrow";
export { taskContext, type TaskInfo } from "./callables/context.ts";
export { fromModule } from "./callables/from-module.ts";
export type { StartOptions } from "./client/attach.ts";
export type { ScatterOptions, SubmitOptions } from "./client/calls.ts";
export { Client } from "./client/client.ts";
export type { CloudRun, RunStatus, StageStatus } from "./client/cloud-run.ts";
export type { AwsClientOptions } from "./client/connect-aws.ts";
export type { LocalClientOptions } from "./client/local-client.ts";
export { Future, type FutureStatus, type Held } from "./client/future.ts";
export type { GatherOptions, Gathered, WaitOptions } from "./client/gather.ts";
export {
  fromFunction,
  mapBlocks,
  type BlockInfo,
  type BlockResult,
  type FromFunctionOptions,
  type MapBlocksOptions,
} from "./collections/array/blocks.ts";
export { ChunkedArray, type AnyArray, type Operand as ArrayOperand } from "./collections/array/chunked-array.ts";
export type { WriteArrayOptions, WriteZarrOptions, WrittenArray } from "./collections/array/array-write.ts";
export type { ChunksOption } from "./collections/array/chunks.ts";
export { corrcoef, cov, type CovOptions } from "./collections/array/covariance.ts";
export { arange, eye, full, linspace, ones, zeros, type CreateOptions } from "./collections/array/create.ts";
export { broadcastTo, concatenate, stack, where } from "./collections/array/join.ts";
export { fromArray } from "./collections/array/from-array.ts";
export type { DType, TypedArray } from "./collections/array/dtype.ts";
export {
  abs,
  acos,
  acosh,
  add,
  and,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  bitAnd,
  bitOr,
  bitXor,
  cbrt,
  ceil,
  clip,
  copysign,
  cos,
  cosh,
  degrees,
  div,
  eq,
  exp,
  exp2,
  expm1,
  floor,
  floorDiv,
  fmax,
  fmin,
  ge,
  gt,
  hypot,
  invert,
  isclose,
  isfinite,
  isinf,
  isnan,
  le,
  log,
  log10,
  log1p,
  log2,
  lt,
  maximum,
  minimum,
  mod,
  mul,
  ne,
  neg,
  not,
  or,
  pow,
  radians,
  reciprocal,
  rint,
  round,
  shl,
  shr,
  sign,
  signbit,
  sin,
  sinh,
  sqrt,
  square,
  sub,
  tan,
  tanh,
  trunc,
  xor,
  type ArrayLike,
} from "./collections/array/elementwise.ts";
export { readHdf5Array, readNpy, readZarr, type ReadArrayOptions } from "./collections/array/files.ts";
export * as fft from "./collections/array/fourier.ts";
export type { ArrayJson } from "./collections/array/json.ts";
export * as linalg from "./collections/array/linalg.ts";
export { diff, fullLike, onesLike, repeat, roll, tile, zerosLike } from "./collections/array/moves.ts";
export { NDArray, type Nested } from "./collections/array/ndarray.ts";
export {
  argsort,
  cumprod,
  cumsum,
  median,
  percentile,
  quantile,
  sort,
  type AxisOptions,
  type QuantileOptions,
} from "./collections/array/order.ts";
export { matmul, outer, tensordot } from "./collections/array/products.ts";
export { mapOverlap, type MapOverlapOptions } from "./collections/array/overlap.ts";
export { random, type RandomOptions } from "./collections/array/random.ts";
export type { ChoiceOptions, PermutationOptions } from "./collections/array/random-order.ts";
export {
  all,
  any,
  argmax,
  argmin,
  countNonzero,
  max,
  mean,
  min,
  nanmax,
  nanmean,
  nanmin,
  nanstd,
  nansum,
  nanvar,
  prod,
  std,
  sum,
  variance,
  type ArrayData,
} from "./collections/array/reducing.ts";
export type { ReduceOptions, VarianceOptions } from "./collections/array/reduction-methods.ts";
export type { SliceEntry } from "./collections/array/slices.ts";
export {
  average,
  bincount,
  digitize,
  histogram,
  searchsorted,
  unique,
  type AverageOptions,
  type BincountOptions,
  type HistogramOptions,
  type SearchOptions,
  type UniqueValues,
} from "./collections/array/statistics.ts";
export type { UfuncName } from "./collections/array/ufuncs.ts";
export { Bag, type Items, type KeyOf } from "./collections/bag/bag.ts";
export { BagItem, type BagResults, type FailedItem } from "./collections/bag/bag-item.ts";
export type { PartitionOptions } from "./collections/bag/describe.ts";
export type { BagItemJson, BagJson } from "./collections/bag/json.ts";
export type { OnError, TextOptions } from "./collections/bag/nodes.ts";
export type { SequenceOptions } from "./collections/bag/sequence.ts";
export { fromGlob, fromSequence, readJsonLines, readText } from "./collections/bag/sources.ts";
export type { DeviationOptions } from "./collections/aggregate-methods.ts";
export type { Interpolation } from "./collections/aggregate-table.ts";
export { Collection } from "./collections/collection.ts";
export {
  DataFrame,
  concat,
  type JoinOptions,
  type SampleOptions,
  type SortOptions,
} from "./collections/dataframe/dataframe.ts";
export { GroupBy, type GroupOptions } from "./collections/dataframe/group-by.ts";
export type { MapOptions, MappedRows, RepartitionOptions } from "./collections/dataframe/partitions.ts";
export type { FrameJson } from "./collections/dataframe/json.ts";
export type { CsvOptions } from "./collections/dataframe/nodes.ts";
export type { DescribeOptions, PivotOptions } from "./collections/dataframe/summaries.ts";
export type { ArrowOptions, Hdf5Options, JsonOptions, ParquetOptions } from "./collections/dataframe/file-nodes.ts";
export type {
  WriteCsvOptions,
  WriteJsonOptions,
  WriteOptions,
  WriteParquetOptions,
  WrittenFile,
} from "./collections/dataframe/write.ts";
export { readCsv } from "./collections/dataframe/read-csv.ts";
export { readArrow } from "./collections/dataframe/read-arrow.ts";
export { readHdf5 } from "./collections/dataframe/read-hdf5.ts";
export { readJson } from "./collections/dataframe/read-json.ts";
export { readParquet } from "./collections/dataframe/read-parquet.ts";
export { compute } from "./collections/delayed/compute.ts";
export { Delayed } from "./collections/delayed/delayed.ts";
export type { DelayedJson } from "./collections/delayed/json.ts";
export { delayed } from "./collections/delayed/make.ts";
export type { DelayedOptions } from "./collections/delayed/options.ts";
export type { DelayedFunction, Given, Settled } from "./collections/delayed/types.ts";
export type { VisualizeFormat, VisualizeOptions } from "./collections/delayed/visualize.ts";
export type { ComputeOptions } from "./collections/executor.ts";
export { Aggregate, Expression, col, lit, size, type Operand } from "./collections/expression.ts";
export type { Constant } from "./collections/expression/literal.ts";
export type { SplitText } from "./collections/expression/text-methods.ts";
export type { Duration, ParseOptions, ZoneOptions } from "./collections/expression/time-methods.ts";
export { when, type When } from "./collections/expression/when.ts";
export type { TimeUnit } from "./collections/functions/time.ts";
export { fromJSON } from "./collections/from-json.ts";
export type { ContactSheet, SheetImage } from "./collections/images/contact-sheet.ts";
export { Images } from "./collections/images/images.ts";
export { ImageResult } from "./collections/images/image-result.ts";
export type { ImagesJson } from "./collections/images/json.ts";
export type { ImageFormat, ImageOptions, SheetOptions } from "./collections/images/nodes.ts";
export { readImages } from "./collections/images/read-images.ts";
export type {
  EncodedImage,
  FailedImage,
  ImageHistogram,
  ImageMetadata,
  ImageResults,
  ImageStatistics,
} from "./collections/images/results.ts";
export type { ScalarType } from "./collections/schema.ts";
export type { Window } from "./collections/window.ts";
export type { Rolling, RollingOptions } from "./collections/window-methods.ts";
export * from "./errors.ts";
export { sql } from "./sql/sql.ts";
export type { Bill, RunEvent, RunReport, StageReport } from "./runtime/runtime.ts";

setFallbackExecutor(async () => (await import("./client/implicit.ts")).implicitClient());
