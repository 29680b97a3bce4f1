/** The package's `abanico/store`: bytes by URL. */
export type { ListOptions, ObjectInfo, PutOptions, Reader, ReadOptions, Store } from "./store.ts";
export { defaultStore, routed, type DefaultStore, type StoreOptions } from "./default-store.ts";
export { fileStore } from "./file.ts";
export { expandSources } from "./glob.ts";
export { memoryStore, type MemoryObject, type MemorySnapshot, type MemoryStore } from "./memory.ts";
export { readExactly, readExactlySync } from "./read-exactly.ts";
export type { RetryOptions } from "./retry.ts";
export type { S3Options } from "./s3-client.ts";
export { s3Store, type S3StoreOptions } from "./s3.ts";
export { toDisplay, toUrl } from "./urls.ts";
export {
  emptyCounts,
  withCounting,
  type CountedOperation,
  type OperationCount,
  type StoreCounts,
} from "./with-counting.ts";
export { withRetry } from "./with-retry.ts";
