import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ImageResult,
  OptionError,
  PlanError,
  fromJSON,
  readImages,
  type Client,
  type Images,
} from "../../lib/index.ts";
import type { ImagesNode } from "../../lib/collections/images/nodes.ts";
import { lowerImages } from "../../lib/plan/lower/images.ts";
import { validatePlan } from "../../lib/plan/validate.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { FIXTURES, client, temporaryFolder } from "./support.ts";

const folder = temporaryFolder();
const images = readImages("a.png");

describe("wrong arguments are refused where they are given", () => {
  // The casts stand for what a program in JavaScript may pass.
  const wrong: Readonly<Record<string, [() => unknown, RegExp]>> = {
    "an unknown option": [
      () => readImages("a.png", { maxPixel: 5 } as object),
      /readImages has no option "maxPixel"\.\n {2}fix: did you mean "maxPixels"/,
    ],
    "no path": [() => readImages([]), /expects a path, a URL, a glob or a list/],
    "an unknown mode": [
      () => readImages("a", { onError: "skipp" } as object),
      /expects "fail" or "skip" or "collect", found "skipp"\.\n {2}fix: did you mean "skip"/,
    ],
    "bytes without a number": [() => readImages("a", { maxBytes: "big" }), /expects a size/],
    "a width of 0": [
      () => images.resize(0),
      /resize\(…\) option width expects a whole number of pixels from 1 to 65535, found 0/,
    ],
    "no size": [() => images.resize({}), /needs a width or a height/],
    "an unknown fit": [() => images.resize(5, 5, { fit: "covers" as "cover" }), /did you mean "cover"/],
    "too little blur": [() => images.blur(0.1), /sigma expects a number of pixels from 0\.3 to 1000/],
    "a part without a size": [() => images.extract({ left: 0, top: 0 } as never), /needs the option width/],
    "no colour": [() => images.tint("blu"), /expects a colour .*\n {2}fix: did you mean "blue"/],
    "a colour in words of CSS": [() => images.tint("rgb(1,2,3)"), OptionErrorText],
    "percents that cross": [() => images.normalise({ lower: 60, upper: 40 }), /expects lower below upper/],
    "half a place": [() => images.composite("b.png", { left: 3 }), /needs both left and top/],
    "an unknown method": [() => images.grayscale({ method: "luma" as "lightness" }), /"rgb2gray" or "lightness"/],
    "an unknown format": [
      () => images.convert("wepb" as "webp"),
      /knows the formats png, .*\n {2}fix: did you mean "webp"/,
    ],
    "an option of another format": [
      () => images.convert("png", { lossless: true }),
      /convert\(…\) png has no option "lossless"/,
    ],
    "too much quality": [
      () => images.write("b.jpg", { quality: 101 }),
      /write\(…\) jpeg option quality expects a whole number from 1 to 100/,
    ],
    "an unknown placeholder": [
      () => images.write("{dir}/{nam}.png"),
      /\{nam\}, which stands for nothing\.\n {2}fix: did you mean \{name\}/,
    ],
    "an open brace": [() => images.write("{dir/a.png"), /a brace that is not closed/],
    "an unknown extension": [() => images.write("{name}.pgn"), /found "pgn"\.\n {2}fix: did you mean "png"/],
    "two formats": [() => images.convert("webp").write("{name}.png"), /says png, and convert\(…\) says webp/],
    "options of no format": [
      () => images.write("{name}.{ext}", { quality: 5 }),
      /cannot tell whose options these are: quality/,
    ],
    "metadata of what is not yet": [() => images.flip().metadata(), /before any operation/],
    "a sheet without columns": [() => images.contactSheet({ columns: 0 }), /columns expects a whole number from 1/],
    "a sheet with no format": [() => images.contactSheet().write("sheet"), /a name with an extension/],
  };
  test.each(Object.entries(wrong))("%s", (_, [call, message]) => {
    expect(call).toThrow(OptionError);
    expect(call).toThrow(message);
  });
});
const OptionErrorText = /expects a colour such as "#ff8800"/;

describe("as text and as JSON", () => {
  const all = readImages(["a/*.png", "b.jpg"], { onError: "collect", maxPixels: 1_000_000 })
    .resize(800, 600, { fit: "inside" })
    .thumbnail(100)
    .extract({ left: 1, top: 2, width: 30, height: 40 })
    .rotate(30, { background: "#ff000080" })
    .flip()
    .flop()
    .grayscale()
    .blur(2)
    .sharpen({ sigma: 1 })
    .tint("navy")
    .normalise()
    .composite("logo.png", { gravity: "southeast" });
  const results: readonly ImageResult<unknown>[] = [
    all,
    all.convert("webp", { quality: 75 }).write("{dir}/{name}.{ext}"),
    all.write("out/{name}.png", { compressionLevel: 9, overwrite: false }),
    readImages("a").metadata(),
    all.statistics(),
    all.histogram(),
    all.contactSheet({ columns: 3, background: "transparent" }),
    all.contactSheet().write("sheet.webp"),
  ];

  test.each(results.map((result): [string, ImageResult<unknown>] => [result.node.result.kind, result]))(
    "%s comes back from JSON",
    (_, result) => {
      const back = fromJSON(JSON.parse(JSON.stringify(result)));
      expect(back).toBeInstanceOf(ImageResult);
      expect((back as ImageResult<unknown>).node).toEqual(result.node); // just seen to be one
      expect(String(back)).toBe(String(result));
    },
  );

  test("text has a line an operation", () => {
    expect(
      String(readImages("a.png", { onError: "skip" }).resize(80).grayscale().write("b.webp", { quality: 5 })),
    ).toBe(
      'Images (lazy)\n  read a.png { onError: "skip" }\n  resize({ width: 80 })\n  grayscale()\n  write b.webp { quality: 5 }',
    );
  });

  test.each([
    [{ abanico: 2, images: {} }, "abanico"],
    [{ abanico: 1, images: { paths: [] } }, "images.paths"],
    [{ abanico: 1, images: { paths: ["a"], options: { maxPixel: 1 } } }, "images.options"],
    [{ abanico: 1, images: { paths: ["a"], operations: [{ do: "resise" }] } }, "images.operations[0].do"],
    [
      { abanico: 1, images: { paths: ["a"], operations: [{ do: "flip" }, { do: "blur", sigma: 0 }] } },
      "images.operations[1]",
    ],
    [{ abanico: 1, images: { paths: ["a"], result: { kind: "write", template: "{x}" } } }, "images.result.template"],
    [{ abanico: 1, images: { paths: ["a"], encoding: { format: "bmp" } } }, "images.encoding"],
    [
      { abanico: 1, images: { paths: ["a"], result: { kind: "sheet", sheet: { columns: -1 } } } },
      "images.result.sheet",
    ],
  ])("%j is refused at its place", (json, path) => {
    const read = () => ImageResult.fromJSON(json);
    expect(read).toThrow(PlanError);
    expect(read).toThrow(expect.objectContaining({ fields: expect.objectContaining({ path }) }) as Error);
  });
});

describe("what would run", () => {
  let own: Client;
  beforeAll(async () => {
    own = await client();
  });
  afterAll(() => own.close());

  test("explain tells images, bytes, memory and what is fused", async () => {
    const text = await own.explain(
      readImages(join(FIXTURES, "*.png"), { maxPixels: 1_000_000 }).resize(8).grayscale().write("{name}_gray.png"),
    );
    expect(text).toMatch(/^result {6}names of written files after resize\(\{ width: 8 \}\), grayscale\(\)\n/);
    expect(text).toMatch(/stage {7}images: (\d+) shards, [\d.]+ kB to read\n/);
    expect(text).toMatch(/memory {4}at most 12\.00 MB a task \(file 2\.39 kB, pixels, at most 1000000 12\.00 MB\)/);
    expect(text).toContain(
      "fused into one task a batch: reading, 2 operations, encoding, writing; one image at a time",
    );
    expect(text).toMatch(/note {8}(\d+) images in \1 batches of at most 1$/);
  });

  test("many small images are a task, a large one is one of its own", async () => {
    const store = defaultStore();
    for (let i = 0; i < 700; i++)
      await store.put(`memory://b/${String(i).padStart(3, "0")}.png`, new Uint8Array(i === 350 ? 5e6 : 1_000));
    const plan = await lowerImages(readImages("memory://b/*.png").node, { store });
    validatePlan(JSON.parse(JSON.stringify(plan)));
    const [{ tasks }] = plan.stages;
    if (tasks.kind !== "items") throw new Error("images are items");
    const batches = tasks.items as unknown as { first: number; sources: object[] }[]; // as lowered
    expect(batches.slice(0, 2).map(({ first, sources }) => [first, sources.length])).toEqual([
      [0, 10],
      [10, 10],
    ]);
    expect(batches.find(({ first }) => first === 350)?.sources).toHaveLength(1);
    expect(batches.reduce((sum, { sources }) => sum + sources.length, 0)).toBe(700);
  });

  test("a plan that somebody sent is checked", async () => {
    const make = async (node: ImagesNode) =>
      JSON.parse(JSON.stringify(await lowerImages(node, { store: defaultStore() })));
    const sheet = await make(readImages(join(FIXTURES, "*.png")).contactSheet().node);
    validatePlan(sheet);
    Object.assign(sheet.stages[1].work.params, { gap: -1 });
    expect(() => validatePlan(sheet)).toThrow(/stages\[1\]\.work\.params\.gap expects a whole number/);
    const gray = await make((readImages(join(FIXTURES, "base.png")) as Images).grayscale().node);
    gray.stages[0].work.params.operations[0].method = "x";
    expect(() => validatePlan(gray)).toThrow(/stages\[0\]\.work\.params\.operations\[0\]: grayscale/);
  });
});

test("sharp is loaded by the threads that work on images, and by nothing else", async () => {
  const hooks = `import { registerHooks } from "node:module";
    import { isMainThread } from "node:worker_threads";
    import { writeSync } from "node:fs";
    registerHooks({ resolve(specifier, context, next) {
      if (specifier === "sharp") writeSync(1, isMainThread ? "main\\n" : "thread\\n");
      return next(specifier, context);
    } });`;
  await writeFile(join(folder, "hooks.mjs"), hooks);
  const index = new URL("../../lib/index.ts", import.meta.url).href;
  const script = `import { Client, readImages } from ${JSON.stringify(index)};
    await using client = await Client.local({ workers: 1 });
    const images = readImages(${JSON.stringify(join(FIXTURES, "*.png"))}).grayscale();
    await images.contactSheet().explain();
    console.log("described");
    console.log((await images.compute()).length, (await images.contactSheet().compute()).format);`;
  await writeFile(join(folder, "use.mjs"), script);
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "./hooks.mjs", "use.mjs"], {
    cwd: folder,
  });
  expect(stdout).toMatch(/^described\n(thread\n)+\d+ png\n$/);
});
