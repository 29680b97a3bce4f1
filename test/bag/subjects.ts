import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { Client } from "../../lib/client/client.ts";

/** Runs tests on both runtimes: no threads, and two of them. The client is the one that bare `compute()` uses. */
export function onBothRuntimes(body: (runtime: string) => void): void {
  for (const workers of [0, 2])
    describe(workers === 0 ? "inline" : "local", () => {
      let client: Client;
      beforeAll(async () => {
        client = await Client.local({ workers, progress: false });
      });
      afterAll(() => client.close());
      body(workers === 0 ? "inline" : "local");
    });
}

/** A folder for the tests of a file. */
export function folderFor(name: string): () => string {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), `${name}-`));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => folder;
}
