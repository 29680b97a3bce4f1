import { vi } from "vitest";
import { Client } from "../../lib/index.ts";
import { defaultStore, type DefaultStore } from "../../lib/store/default-store.ts";
import { startEmulator, type Emulator, type EmulatorOptions } from "./emulator.ts";
import { createStack, type EmulatedStack, type StackOptions } from "./stack.ts";

/** A deployed stack, and what tests need to speak to it. */
export interface CloudFixture {
  readonly emulator: Emulator;
  readonly stack: EmulatedStack;
  /** Of the stack. */
  readonly client: Client;
  /** Of this machine, over the same objects: what it computes is what the cloud has to compute. */
  readonly local: Client;
  readonly store: DefaultStore;
  /** URL of an object in the stack's bucket. */
  url(key: string): string;
  put(key: string, content: string | Uint8Array): Promise<string>;
  /** Keys of the bucket below a prefix, in order. */
  keys(prefix: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Undefined, after one printed line, where there is no emulator on this machine. */
export async function startCloud(options: EmulatorOptions & StackOptions = {}): Promise<CloudFixture | undefined> {
  // A run is some hundred requests, each of which Python answers: on a machine that is busy, all that takes a while.
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
  const emulator = await startEmulator(options);
  if (emulator === undefined) return undefined;
  // As whoever uses AWS has them. A test file has a process of its own.
  Object.assign(process.env, emulator.env);
  const stack = await createStack(emulator, options);
  const client = await Client.connect(stack.url, stack.options);
  const store = defaultStore();
  const local = await Client.local({ workers: 1, store });
  const bucket = `s3://${stack.outputs["Bucket"]}/`;
  return {
    emulator,
    stack,
    client,
    local,
    store,
    url: (key) => bucket + key,
    async put(key, content) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      return (await store.put(bucket + key, bytes)).url;
    },
    async keys(prefix) {
      const found: string[] = [];
      for await (const { url } of store.list(bucket + prefix)) found.push(url.slice(bucket.length));
      return found.sort();
    },
    async stop() {
      await client.close();
      await local.close();
      await emulator.stop();
    },
  };
}

/** Sales of one month, in about `rows` × 20 bytes: prices are such that sums depend on the order of additions. */
export function sales(month: number, rows: number): string {
  const line = (i: number): string => {
    const price = Math.sin(i + month) * 10 ** ((i * 7) % 5);
    return `p${(i * 7 + month) % 13},${(i * month) % 9},${price}\n`;
  };
  return `product,quantity,price\n${Array.from({ length: rows }, (_, i) => line(i)).join("")}`;
}
