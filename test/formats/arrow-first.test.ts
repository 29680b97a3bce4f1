import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fixture } from "./support.ts";

/** In a process of its own: nothing else may have loaded the parts of Arrow's library that its footers need. */
test.each(["types.arrow", "types-stream.arrows"])(
  "%s as the first thing that a process reads",
  async (name) => {
    const lib = new URL("../../lib/index.ts", import.meta.url).href;
    const program = `import { readArrow } from ${JSON.stringify(lib)};
    const frame = readArrow(${JSON.stringify(fixture(name))});
    console.log(JSON.stringify([Object.keys(await frame.types()).length, await frame.length()]));
    process.exit();`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module-typescript", "-e", program]);
    const [columns, rows] = JSON.parse(stdout) as [number, number]; // as the program prints them
    expect(columns).toBeGreaterThan(3);
    expect(rows).toBeGreaterThan(3);
  },
  60_000,
);
