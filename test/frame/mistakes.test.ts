import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { Client, col, readCsv, readJson, readParquet, type Aggregate, type Expression } from "../../lib/index.ts";
import { failure, scratch } from "../csv/support.ts";

/** Mistakes that everybody makes once: the error has to say what to do. */

const files = scratch();
const client = await Client.local({ workers: 0, progress: false });
afterAll(() => client.close());

async function told(compute: () => PromiseLike<unknown>): Promise<string> {
  return (await failure(Promise.resolve().then(compute))).message;
}

describe("in calls", () => {
  const frame = readCsv(files.write("numbers.csv", "id,x\n1,a\n2,b\n"));

  test("a column's name where an expression is expected is a text", async () => {
    const message = await told(() => client.compute(frame.agg({ c: col("id").cov("x") })));
    expect(message).toContain('col("x")');
  });

  test("window functions stand in window({ … })", async () => {
    const window = col("id").cumsum();
    // Types forbid both; users of JavaScript have none.
    expect(await told(() => client.compute(frame.assign({ sum: window as unknown as Expression })))).toMatch(
      /cumsum\(id\) is a window function; .* window\(\{ … \}\)/,
    );
    expect(await told(() => client.compute(frame.agg({ sum: window as unknown as Aggregate })))).toContain(
      "found the window function cumsum(id)",
    );
  });

  test("a file is no folder to write to", async () => {
    const path = files.write("file.csv", "a\n1\n");
    const message = await told(() => frame.writeCsv(`${path}/parts`));
    expect(message).toContain("what should be a folder on the way to it is a file");
  });
});

describe("in files", () => {
  test.each([";", "\t", "|"])("a delimiter that is not the comma: %j", async (delimiter) => {
    const frame = readCsv(files.write("other.csv", `a${delimiter}b\n1${delimiter}2\n`));
    const message = await told(() => client.compute(frame.select("a")));
    expect(message).toContain(`{ delimiter: ${JSON.stringify(delimiter)} }`);
  });

  test.each(["little", "big"])("UTF-16, %s-endian", async (order) => {
    const bytes = Buffer.from("\ufeffa,b\n1,2\n", "utf16le");
    const path = files.write("utf16.csv", "");
    writeFileSync(path, order === "big" ? bytes.swap16() : bytes);
    expect(await told(() => client.compute(readCsv(path)))).toMatch(/UTF-16.*\n.*iconv -f utf-16/);
  });

  test("a line that is no JSON is named by its number, blank lines counted", async () => {
    const path = files.write("broken.jsonl", '{"a":1}\n\n{"a":\n{"a":3}\n');
    const error = await failure(client.compute(readJson(path)));
    expect(error.message).toContain('(line 3): "{\\"a\\":"');
    expect(error).toMatchObject({ fields: { line: 3 } });
  });

  test("a stump of a Parquet file that ends as it should", async () => {
    const path = files.write("stump.parquet", "PAR1");
    expect(await told(() => client.compute(readParquet(path)))).toContain("it has 4 bytes, expected 12 at least");
  });
});
