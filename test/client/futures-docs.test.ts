import { execFile } from "node:child_process";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the snippets of docs/futures.md run one after the other, and print what they say", async () => {
  const page = await readFile(new URL("../../docs/futures.md", import.meta.url), "utf8");
  const program = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block).join("\n");
  const said = [...program.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, value]) => value);
  expect(said.length).toBe(6);
  await using folder = await mkdtempDisposable(join(tmpdir(), "futures-"));
  const index = new URL("../../lib/index.ts", import.meta.url).href;
  await writeFile(join(folder.path, "page.ts"), program.replace('from "abanico"', `from ${JSON.stringify(index)}`));
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder.path, "page.ts")], { timeout: 25_000 });
  expect(stdout.trim().split("\n")).toEqual(said);
});
