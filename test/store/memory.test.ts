import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import { defaultStore } from "../../lib/store/default-store.ts";
import { memoryStore } from "../../lib/store/memory.ts";
import { bytes, storeSuite, text, urls } from "./suite.ts";

storeSuite("memory", async () => ({ store: memoryStore(), root: "memory://test/" }));

test("a snapshot passes structured clone with its bytes shared, and later writes stay apart", async () => {
  const here = memoryStore();
  const info = await here.put("memory://m/x", bytes("shared"));
  const snapshot = here.snapshot();
  // What postMessage does, but on one thread.
  const { port1, port2 } = new MessageChannel();
  const arrived = new Promise<typeof snapshot>((resolve) => port2.once("message", resolve));
  port1.postMessage(snapshot);
  const there = memoryStore(await arrived);
  port1.close();
  expect(await there.head("memory://m/x")).toEqual(info);
  new Uint8Array(snapshot.objects[0].bytes)[0] = "S".charCodeAt(0);
  expect(text(await there.get("memory://m/x"))).toBe("Shared");
  await there.put("memory://m/y", bytes("y"));
  expect(await urls(here, "memory://m/")).toEqual(["memory://m/x"]);
});

test("the default store routes by scheme, and is made again from its options", async () => {
  const store = defaultStore();
  await store.put("memory://m/x", bytes("x"));
  const again = defaultStore(store.toOptions());
  expect(text(await again.get("memory://m/x"))).toBe("x");
  await expect(store.head("gs://b/x")).rejects.toThrow(/file:\/\/, memory:\/\/, s3:\/\//);
  await expect(store.head("data.csv")).rejects.toMatchObject({ tag: "Option" });
  await expect(store.head("file:///no/such/file")).rejects.toMatchObject({ tag: "NotFound" });
});
