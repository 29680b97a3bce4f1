import { execFile } from "node:child_process";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test.each([
  ["futures", 6],
  ["arrays", 6],
] as const)(
  "the snippets of docs/%s.md run one after the other, and print what they say",
  async (name, count) => {
    const page = await readFile(new URL(`../docs/${name}.md`, import.meta.url), "utf8");
    const program = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block).join("\n");
    const said = [...program.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, value]) => value);
    expect(said.length).toBe(count);
    await using folder = await mkdtempDisposable(join(tmpdir(), "docs-"));
    const index = new URL("../lib/index.ts", import.meta.url).href;
    await writeFile(
      join(folder.path, "page.ts"),
      program.replaceAll('from "abanico"', `from ${JSON.stringify(index)}`),
    );
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder.path, "page.ts")], { timeout: 50_000 });
    expect(stdout.trim().split("\n")).toEqual(said);
  },
  60_000,
);
