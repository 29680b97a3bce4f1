import { OptionError } from "../../errors.ts";
import { knownKeys, wholeNumber, wrong } from "../options.ts";
import type { Delayed } from "./delayed.ts";
import { draw, type Drawing } from "./drawing.ts";
import { walk } from "./walk.ts";

export type VisualizeFormat = "svg" | "dot" | "mermaid";

export interface VisualizeOptions {
  /** Default: what the path's ending says; without a path "svg". */
  readonly format?: VisualizeFormat;
  /** At most so many nodes are drawn, those nearest the result; a note says how many are not. Default 1,000, since layouts of more are neither quick nor legible. */
  readonly limit?: number;
  /** Where the graph begins: at the top ("TB"), or on the left ("LR"). Default "TB", results below. */
  readonly direction?: "TB" | "LR";
}

const ENDINGS: Readonly<Record<string, VisualizeFormat>> = {
  svg: "svg",
  dot: "dot",
  gv: "dot",
  mermaid: "mermaid",
  mmd: "mermaid",
};
const FORMATS: readonly VisualizeFormat[] = ["svg", "dot", "mermaid"];

/** Draws the graph behind these nodes; see `Delayed.visualize`. */
export async function visualize(
  roots: readonly Delayed<unknown>[],
  path: string | undefined,
  options: VisualizeOptions,
): Promise<string> {
  knownKeys(options, ["format", "limit", "direction"], "visualize(…)");
  const format = formatOf(path, options.format);
  const limit = wholeNumber(options.limit ?? 1_000, "visualize(…) option limit", 1);
  const direction = options.direction ?? "TB";
  if (direction !== "TB" && direction !== "LR") throw wrong("visualize(…) option direction", '"TB" or "LR"', direction);
  const drawing = draw(roots, walk(roots).order, limit);
  const text = format === "mermaid" ? toMermaid(drawing, direction) : toDot(drawing, direction);
  const drawn = format === "svg" ? await toSvg(text) : text;
  if (path !== undefined) await write(path, drawn);
  return drawn;
}

function formatOf(path: string | undefined, asked: VisualizeFormat | undefined): VisualizeFormat {
  if (asked !== undefined) {
    if (FORMATS.includes(asked)) return asked;
    throw wrong("visualize(…) option format", '"svg", "dot" or "mermaid"', asked);
  }
  if (path === undefined) return "svg";
  if (typeof path !== "string") throw wrong("visualize(…)", "a path", path);
  const ending = /\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? "";
  if (Object.hasOwn(ENDINGS, ending)) return ENDINGS[ending];
  throw new OptionError(`visualize(${JSON.stringify(path)}) cannot tell the format from the path's ending.`, {
    fields: { path, known: Object.keys(ENDINGS) },
    fix: 'end it in .svg, .dot or .mermaid, or say { format: "svg" }.',
  });
}

/** Graphviz's language. Calls are ellipses, values boxes, kept results cylinders, results asked for have a double line. */
function toDot({ nodes, edges, note }: Drawing, direction: string): string {
  const shapes = { call: "ellipse", value: "box", kept: "cylinder" };
  const lines = [
    `  rankdir=${direction};`,
    '  node [fontname="Helvetica", fontsize=12, style=filled, fillcolor="#eef3fb", color="#5b7db1"];',
    '  edge [color="#8a8f98", arrowsize=0.7];',
    ...nodes.map(({ id, label, shape, root }) => {
      const marks = root ? ", peripheries=2" : shape === "value" ? ', fillcolor="#f6f1e4", color="#b09a5b"' : "";
      return `  ${id} [label=${quoted(label)}, shape=${shapes[shape]}${marks}];`;
    }),
    ...edges.map(([from, to]) => `  ${from} -> ${to};`),
  ];
  if (note !== undefined)
    lines.push(`  note [label=${quoted(note)}, shape=note, fillcolor="#fff3cd", color="#c9a227"];`);
  return `digraph delayed {\n${lines.join("\n")}\n}\n`;
}

/** Graphviz reads entities in labels too. */
function quoted(text: string): string {
  return `"${text.replaceAll("&", "&amp;").replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** Mermaid's, as Markdown on GitHub draws it. */
function toMermaid({ nodes, edges, note }: Drawing, direction: string): string {
  const shapes = { call: ["([", "])"], value: ["[", "]"], kept: ["[(", ")]"] };
  const lines = nodes.map(({ id, label, shape, root }) => {
    const [open, close] = root && shape === "call" ? ["(((", ")))"] : shapes[shape];
    return `  ${id}${open}"${escaped(label)}"${close}`;
  });
  lines.push(...edges.map(([from, to]) => `  ${from} --> ${to}`));
  if (note !== undefined) lines.push(`  note["${escaped(note)}"]`);
  return `flowchart ${direction}\n${lines.join("\n")}\n`;
}

function escaped(text: string): string {
  return text.replace(/[#"<>&`\\]/g, (sign) => `#${sign.codePointAt(0)};`).replace(/\n/g, " ");
}

async function toSvg(dot: string): Promise<string> {
  // A large package, wanted by few.
  const { instance } = await import("@viz-js/viz");
  return (await instance()).renderString(dot, { format: "svg", engine: "dot" });
}

async function write(path: string, text: string): Promise<void> {
  const [{ writeWhole }, { toUrl }] = await Promise.all([
    import("../../store/file-write.ts"),
    import("../../store/urls.ts"),
  ]);
  await writeWhole(toUrl(path), [new TextEncoder().encode(text)]);
}
