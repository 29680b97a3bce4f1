import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readCsv } from "../../lib/collections/dataframe/read-csv.ts";
import { col } from "../../lib/collections/expression.ts";
import { mayColour } from "../../lib/cli/terminal.ts";
import { abanico, abanicoHere } from "./abanico.ts";

const CSV = `date,product,quantity,price,note
2023-01-01,A,60,1.5,"a, b"
2023-01-02,B,10,2.0,
2023-01-03,A,70,2.5,""
2023-01-04,"C ""x""",,3,z
`;

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "cli-"));
  await writeFile(join(cwd, "a.csv"), CSV);
  await writeFile(join(cwd, "tabs.csv"), "1\t2\n3\t4\n");
  await writeFile(join(cwd, "ragged.csv"), "a,b\n1,2\n3\n");
  await writeFile(join(cwd, "long.csv"), `n\n${Array.from({ length: 200_000 }, (_, i) => i).join("\n")}\n`);
  const pipeline = readCsv(join(cwd, "a.csv")).filter(col("quantity").gt(50));
  await writeFile(join(cwd, "p.json"), JSON.stringify(pipeline));
  await writeFile(join(cwd, "bad.json"), JSON.stringify({ abanico: 1, frame: { kind: "head", rows: 1 } }));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const run = (...args: string[]) => abanico(args, { cwd });
/** In this process: files have to be named in full. */
const here = (...args: string[]) => abanicoHere(args.map((arg) => (/\.(csv|json)$/.test(arg) ? join(cwd, arg) : arg)));
process.stdout.setMaxListeners(0);
const GROUP = ["--group-by", "product", "--agg", "total = sum(quantity * price)", "--workers", "1"];

describe("run", () => {
  test("groups, in a table", async () => {
    const { code, stdout, stderr } = await here("run", "a.csv", "--filter", "quantity is not null", ...GROUP);
    expect(stdout).toBe(
      "product    total\nstring   float64\n───────  ───────\nA          265.0\nB           20.0\n(2 rows)\n",
    );
    expect(stderr).toMatch(/^\d+\.\d\d s\n$/);
    expect(code).toBe(0);
  });

  test("does the steps in the order of the options", async () => {
    const { stdout } = await here(
      ...["run", "a.csv", "--assign", "r = quantity * price", "--filter", "r > 80", "--select", "product,r"],
      ...["--head", "1", "--output", "csv", "--quiet", "--workers", "0"],
    );
    expect(stdout).toBe("product,r\nA,90.0\n");
  });

  test("writes CSV that reads as the same rows", async () => {
    const { stdout, stderr } = await here("run", "a.csv", "--output", "csv", "--quiet", "--workers", "1");
    expect(stdout).toBe(CSV.replace(",3,z", ",3.0,z"));
    expect(stderr).toBe("");
  });

  test("writes JSON, of a pipeline too", async () => {
    const { stdout } = await here("run", "p.json", "--json", "--select", "product,quantity,note", "--workers", "1");
    expect(JSON.parse(stdout)).toEqual([
      { product: "A", quantity: 60, note: "a, b" },
      { product: "A", quantity: 70, note: "" },
    ]);
  });

  test("shows 20 rows, and says that there are more", async () => {
    const { stdout, stderr } = await here("run", "long.csv", "--workers", "1");
    expect(stdout.split("\n").slice(-3)).toEqual(["   19", "…", ""]);
    expect(stderr).toMatch(/more rows: --head N or --output csv/);
  });

  test("reads as the options say", async () => {
    const { stdout } = await here(
      ...["run", "tabs.csv", "--delimiter", "\\t", "--no-header", "--names", "x,y", "--types", "y=string", "--json"],
      ...["--workers", "1"],
    );
    expect(JSON.parse(stdout)).toEqual([
      { x: 1, y: "2" },
      { x: 3, y: "4" },
    ]);
  });

  test("ends quietly when its reader has had enough", async () => {
    const args = ["run", "long.csv", "--output", "csv", "--workers", "1"];
    const { code, stdout, stderr } = await abanico(args, { cwd, closeEarly: true });
    expect(stdout.startsWith("n\n0\n1\n")).toBe(true);
    expect(stderr).not.toMatch(/error/);
    expect(code).toBe(0);
  });
});

describe("plan", () => {
  test("explains", async () => {
    const { code, stdout } = await here("plan", "a.csv", ...GROUP.slice(0, 4));
    expect(stdout).toMatch(/^result {6}product string, total float64\nstage {7}scan: 1 shard, 130 B to read in 1 file/);
    expect(code).toBe(0);
    expect((await here("run", "a.csv", "--explain", ...GROUP.slice(0, 4))).stdout).toBe(stdout);
  });

  test("prints the plan as JSON, and the pipeline", async () => {
    const plan: unknown = JSON.parse((await here("plan", "a.csv", "--json")).stdout);
    expect(plan).toMatchObject({ abanico: 1, stages: [{ id: "scan", tasks: { kind: "ranges" } }] });
    const { stdout } = await run("plan", join(cwd, "a.csv"), "--filter", "quantity > 50", "--pipeline");
    expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile(join(cwd, "p.json"), "utf8")));
  });
});

describe("what is wrong is told, with its exit status", () => {
  test.each<[number, string[], RegExp]>([
    [2, ["rum"], /^error: There is no command "rum"\.\n {2}fix: did you mean run\?\n$/],
    [2, ["--workers", "2"], /A command comes first/],
    [2, ["run"], /Which files\?/],
    [2, ["run", "a.csv", "--filtr", "x"], /^error: There is no option --filtr\.\n {2}fix: did you mean --filter\?\n$/],
    [2, ["run", "a.csv", "--filter", "quantity >"], /a value is expected, found the end:\n {2}quantity >\n {12}\^\n$/],
    [2, ["run", "a.csv", "--head"], /--head needs a value/],
    [2, ["run", "a.csv", "--filter", "--head", "3"], /--filter needs a value/],
    [2, ["run", "a.csv", "--head", "two"], /--head takes a whole number of at least 0, found "two"/],
    [2, ["run", "a.csv", "--quiet=yes"], /--quiet takes no value/],
    [2, ["run", "a.csv", "--workers", "1", "--workers", "2"], /--workers may be given once/],
    [2, ["run", "a.csv", "--output", "xml"], /--output takes table, csv, json, found "xml"/],
    [2, ["run", "a.csv", "--delimiter", "ab"], /delimiter expects one ASCII character/],
    [2, ["run", "a.csv", "--memory-limit", "x"], /--memory-limit expects a size/],
    [2, ["run", "a.csv", "--types", "a:int64"], /--types takes column=type/],
    [2, ["run", "a.csv", "--group-by", "product"], /--group-by needs --agg/],
    [2, ["run", "a.csv", "--agg", "n = size()", "--agg", "n = size()"], /"n" twice/],
    [2, ["run", "p.json", "--quote", "'"], /--quote goes with CSV files/],
    [2, ["run", "missing.json"], /missing\.json cannot be read/],
    [1, ["run", "bad.json"], /^error: frame\.input expects an object, found nothing/],
    [1, ["run", "nothing*.csv"], /^error: nothing matches .*nothing\*\.csv\n(.*\n)*.*fix: /],
    [1, ["run", "a.csv", "--agg", "n = sum(quantiy)"], /no column "quantiy".*\n.*did you mean "quantity"/],
    [
      1,
      ["run", "ragged.csv"],
      /^error: .*ragged\.csv has 1 field in a record, expected 2: "3" \(byte 8, row 2\)\.\n.*fix: .*\n$/,
    ],
    [1, ["run", "a.csv", "--memory-limit", "1MB"], /the limit is 1\.00 MB/],
  ])("%i: %j", async (status, args, message) => {
    const { code, stdout, stderr } = await here(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe("");
    expect(code).toBe(status);
  });

  test("--json gives a record, --debug the stack", async () => {
    const { stderr } = await here("run", "ragged.csv", "--json");
    const record = { tag: "Csv", fields: { offset: 8, row: 2 }, retryable: false };
    expect(JSON.parse(stderr)).toMatchObject({ error: record });
    expect((await here("run", "ragged.csv", "--debug")).stderr).toMatch(/^ +at /m);
  });
});

describe("help", () => {
  test("of all, of a command, and the version", async () => {
    const { stdout, code } = await here("help");
    expect(stdout).toMatch(/abanico demo .*\n +abanico run .*\n +abanico sql .*\n +abanico plan /);
    expect(code).toBe(0);
    expect((await here()).stdout).toBe(stdout);
    const ofRun = (await here("run", "--help")).stdout;
    expect(ofRun).toMatch(/--group-by product +one row for each/);
    expect((await here("help", "run")).stdout).toBe(ofRun);
    expect((await here("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe.concurrent("demo", () => {
  test("prints a table on standard output, the rest on standard error", async () => {
    const { code, stdout, stderr } = await run("demo", "--rows", "9_000", "--workers", "1");
    expect(stdout).toMatch(/^product +revenue\nstring +float64\n(.*\n){9}\(8 rows\)\n$/);
    expect(stderr).toMatch(/Making 3 CSV files of sales, 9,000 rows/);
    expect(stderr).toMatch(/million rows\/s, .*\/s, 1 threads/);
    expect(stderr).not.toMatch(/\x1b/);
    expect(code).toBe(0);
  });

  test("keeps its files where it is told to, and refuses to write over them", async () => {
    const args = ["demo", "--rows", "20", "--files", "2", "--dir", "sales", "--json", "--quiet", "--workers", "1"];
    const { stdout } = await run(...args);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 20, files: ["sales_2023_0.csv", "sales_2023_1.csv"] });
    expect(await readdir(join(cwd, "sales"))).toHaveLength(2);
    const again = await run(...args.filter((arg) => arg !== "--json"));
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/holds sales files already/) });
  });

  test("Ctrl-C ends it with 130, and leaves nothing behind", async () => {
    const folder = join(cwd, "temporary");
    await mkdir(folder);
    const args = ["demo", "--rows", "50_000_000"];
    const { code, stderr } = await abanico(args, { cwd, env: { TMPDIR: folder }, interruptAt: "Making" });
    expect(stderr).toMatch(/interrupted\n$/);
    expect(code).toBe(130);
    expect(await readdir(folder)).toEqual([]);
  });
});

test("colours are for terminals that want them", () => {
  // Of a stream only this is asked.
  const colours = (isTTY: boolean) => mayColour({ isTTY } as NodeJS.WriteStream);
  try {
    vi.stubEnv("TERM", "xterm").stubEnv("NO_COLOR", undefined);
    expect([colours(true), colours(false)]).toEqual([true, false]);
    vi.stubEnv("NO_COLOR", "1");
    expect(colours(true)).toBe(false);
    vi.stubEnv("NO_COLOR", "").stubEnv("TERM", "dumb");
    expect(colours(true)).toBe(false);
  } finally {
    vi.unstubAllEnvs();
  }
});
