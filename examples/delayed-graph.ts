/** A graph of calls, drawn and computed: node examples/delayed-graph.ts [graph.svg] */
import { compute, delayed } from "../lib/index.ts"; // in your program: from "abanico"

const [path] = process.argv.slice(2);

// Inline functions travel by their source, so they use nothing but their arguments.
const load = delayed((month: number) => Array.from({ length: 1_000 }, (_, i) => (i * month) % 97), { name: "load" });
const sum = delayed((values: number[]) => values.reduce((a, b) => a + b, 0), { name: "sum" });
const most = delayed((values: number[]) => Math.max(...values), { name: "most" });

const months = [1, 2, 3].map((month) => load(month));
const total = sum(months.map((month) => sum(month)));
const best = most(months.map((month) => most(month)));

console.log(await total.explain()); // what would run, before anything does
console.log(await compute(total, best)); // one graph: each month is loaded once

// In a file: "graph.svg" (laid out by Graphviz), "graph.dot" or "graph.mermaid".
console.log(await total.visualize(path, path === undefined ? { format: "mermaid" } : {}));
