import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSales } from "../lib/cli/sales.ts";

const root = new URL("../", import.meta.url);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "examples-"));
  await writeSales(folder, { rows: 3_000, files: 3 });
  for (const name of ["base.png", "noise.png"])
    await cp(new URL(`test/fixtures/images/${name}`, root), join(folder, "photos", name));
  await writeFile(join(folder, "photos", "broken.png"), "no image");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program in the folder that holds the sales. */
async function run(program: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { cwd: folder, timeout: 25_000 });
  expect(stderr).toBe("");
  return stdout;
}

describe("the README", () => {
  test("its first block runs, and prints what it says", async () => {
    const readme = await readFile(new URL("README.md", root), "utf8");
    const block = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    const index = new URL("lib/index.ts", root).href;
    expect(block).toContain('from "abanico"');
    await writeFile(join(folder, "readme.ts"), block.replace('from "abanico"', `from ${JSON.stringify(index)}`));
    const [first, ...table] = (await run(join(folder, "readme.ts"))).split("\n");
    expect(block).toContain(first);
    expect(first).toBe("<Client: 'local' workers=2 threads=2, memory=4.00 GB> 8");
    expect(table[0]).toMatch(/^product +revenue +sold$/);
    expect(table.at(-2)).toBe("(8 rows)");
  });

  test("its second block runs, and prints what it says", async () => {
    const readme = await readFile(new URL("README.md", root), "utf8");
    const [, block = ""] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text);
    const index = new URL("lib/index.ts", root).href;
    await rm(join(folder, "photos", "gray"), { recursive: true, force: true });
    await writeFile(join(folder, "more.ts"), block.replace('from "abanico"', `from ${JSON.stringify(index)}`));
    const printed = (await run(join(folder, "more.ts"))).trim();
    expect(printed).toBe("0.0 1.0 true true 60 2 18 3 [ 1, 4, 9 ]");
    expect(block).toContain(printed);
  });

  test("its links and commands lead somewhere", async () => {
    const readme = await readFile(new URL("README.md", root), "utf8");
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path);
    expect(links.length).toBeGreaterThan(5);
    for (const path of links) await expect(readdirOrFile(path), path).resolves.toBeDefined();
  });
});

async function readdirOrFile(path: string): Promise<unknown> {
  const url = new URL(path, root);
  return path.endsWith("/") ? readdir(url) : readFile(url);
}

describe("examples", () => {
  const example = (name: string) => run(fileURLToPath(new URL(`examples/${name}`, root)));
  const wanted: Readonly<Record<string, RegExp>> = {
    "arrays.ts":
      /^\[ 1000, 1000 \] float64 1\.0 2\n\[ 2000 \] 1\.0\n-?0\.00 1\.00\n-?0\.0 1\.0\nadd\(…\) expects shapes that fit together; found \(2000, 2000\) and \(10000, 1000\).*\n$/,
    "bag-people.ts":
      /^\[ \[ 'Lima', 7 \], \[ 'Oslo', 1\.5 \] \]\nLima, Peru: 7\nOslo, Norway: 1\.5\nLima 4\nOslo 1\.5\n1\n$/,
    "bag-words.ts": /^<Client: 'local' .*>\ntrue true\n210\n\[ 1, 4, 9, 25, 36 \] \[ '4: four is not allowed' \]\n$/,
    "delayed-fibonacci.ts": /^\[ 55, 6765, 832040 \]\n$/,
    "delayed-graph.ts": /^result[\s\S]*load × 3\n[\s\S]*\n\[ 142290, 96 \]\nflowchart TB\n[\s\S]*$/,
    "delayed-tasks.ts": /^$/,
    "explain.ts": /^DataFrame \(lazy\)\n[\s\S]*\nresult {6}product string[\s\S]*\n\{"abanico":1,.*\}\ntrue\n$/,
    "from-memory.ts": /^Lima 2n 20\.25\nOslo 2n -3\.5\n$/,
    "images-gray.ts":
      /^Images \(lazy\)\n[\s\S]*\nphotos\/gray\/base_gray\.png\nphotos\/gray\/noise_gray\.png\nphotos\/broken\.png: ImageError\nsheet\.png\npng 152 80\n$/,
    "futures-primes.ts": /^5133 primes below 50,000\nlargest gap between two of them: 72\n$/,
    "sql-sales.ts":
      /^product +revenue +sales\n[\s\S]*\(3 rows\)\ntrue product best\nSQL, line 1, column 8: there is no column "prodct"\.\n[\s\S]*$/,
    "sales.ts": /^<Client: 'local' .*>\nproduct +revenue +best +sold\n[\s\S]*\(8 rows\)\n$/,
  };

  test("all are known here", async () => {
    expect((await readdir(new URL("examples/", root))).sort()).toEqual(Object.keys(wanted).sort());
  });

  test.each(Object.entries(wanted))("%s", async (name, output) => {
    expect(await example(name)).toMatch(output);
  });
});
