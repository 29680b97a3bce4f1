import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { instance } from "@viz-js/viz";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OptionError, delayed, type Delayed } from "../../lib/index.ts";

const inc = delayed((x: number) => x + 1, { name: "inc" });
const add = delayed((a: number, b: number) => a + b, { name: "add" });
const say = delayed((...parts: unknown[]) => parts.join(), { name: "say" });

/** As Graphviz reads a drawing. */
interface Read {
  readonly objects: readonly { readonly name: string; readonly label: string; readonly shape: string }[];
  readonly edges?: readonly { readonly tail: number; readonly head: number }[];
}

async function readDot(dot: string): Promise<Read> {
  return (await instance()).renderJSON(dot) as Read; // what its "json" format holds
}

describe("visualize", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "visualize-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("gives what Graphviz reads as the same graph", async () => {
    const shared = inc(1);
    const total = add(shared, add(shared, delayed(2)));
    const { objects, edges = [] } = await readDot(await total.visualize(undefined, { format: "dot" }));
    expect(objects.map(({ label, shape }) => [label, shape])).toEqual([
      ["inc(1)", "ellipse"],
      ["2", "box"],
      ["add", "ellipse"],
      ["add", "ellipse"],
    ]);
    expect(edges.map(({ tail, head }) => [tail, head]).sort()).toEqual([[0, 2], [0, 3], [1, 2], [2, 3]]); // prettier-ignore
  });

  test("labels say anything, and stay what they are", async () => {
    const texts = ['a "quoted" text', "back\\slash\\n", "new\nline", "<b>&amp;</b>", "ünï→"];
    const names = texts.map((text) => delayed((x: number) => x, { name: text })(1));
    const { objects } = await readDot(await say(names).visualize(undefined, { format: "dot" }));
    const labels = objects.map(({ label }) =>
      label.replaceAll("\\n", "\n").replaceAll("\\\\", "\\").replaceAll('\\"', '"'),
    );
    expect(labels[0]).toBe('a "quoted" text(1)');
    expect(labels[2]).toBe("new\nline(1)");
    expect(labels[4]).toBe("ünï→(1)");
    const svg = await say(names).visualize();
    expect(svg).toContain("&lt;b&gt;&amp;amp;&lt;/b&gt;(1)");
    const mermaid = await say(names).visualize(undefined, { format: "mermaid" });
    expect(mermaid).toContain('"a #34;quoted#34; text(1)"');
    expect(mermaid).not.toContain("<b>");
  });

  test("writes the format of the path's ending, whole, and gives the same text", async () => {
    const node = add(inc(1), 2);
    for (const name of ["graph.svg", "graph.dot", "graph.gv", "graph.mermaid", "graph.mmd", "deep/down/graph.SVG"]) {
      const path = join(folder, name);
      const text = await node.visualize(path);
      expect(await readFile(path, "utf8"), name).toBe(text);
      expect(text).toMatch(
        name.toLowerCase().endsWith("svg") ? /<svg[\s\S]*>inc\(1\)<[\s\S]*<\/svg>/ : /^digraph|^flowchart TB\n/,
      );
    }
    expect(await node.visualize(join(folder, "graph.txt"), { format: "dot", direction: "LR" })).toContain("rankdir=LR");
    expect((await readdir(folder)).sort()).toEqual([
      "deep",
      "graph.dot",
      "graph.gv",
      "graph.mermaid",
      "graph.mmd",
      "graph.svg",
      "graph.txt",
    ]);
  });

  test("draws of a large graph what is nearest the result, and says what is left out", async () => {
    let chain: Delayed<number> = inc(0);
    for (let i = 1; i < 5_000; i++) chain = inc(chain);
    const dot = await chain.visualize(undefined, { format: "dot" });
    const { objects, edges = [] } = await readDot(await chain.visualize(undefined, { format: "dot", limit: 10 }));
    expect(dot).toContain("4,000 more nodes are not drawn");
    expect(objects).toHaveLength(11);
    expect(edges).toHaveLength(9);
    const wide = delayed((xs: number[]) => xs.length, { name: "count" })(
      Array.from({ length: 3_000 }, (_, i) => inc(i)),
    );
    expect((await wide.visualize(undefined, { format: "mermaid", limit: 50 })).split("\n")).toHaveLength(
      1 + 50 + 49 + 1 + 1,
    );
  });

  test("refuses formats and limits that are none", async () => {
    const node = inc(1);
    await expect(node.visualize("graph.png")).rejects.toThrow(OptionError);
    await expect(node.visualize("graph")).rejects.toThrow(/\.svg, \.dot or \.mermaid/);
    await expect(node.visualize(undefined, { limit: 0 })).rejects.toThrow(OptionError);
    await expect(node.visualize(undefined, { format: "pdf" as "svg" })).rejects.toThrow(OptionError);
    await expect(node.visualize(undefined, { direction: "up" as "TB" })).rejects.toThrow(OptionError);
  });
});
