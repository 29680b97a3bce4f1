/** The summary as text for people. */
import type { DataSet, Job } from "./job.ts";
import type { BarResult, Spread, Summary } from "./summary.ts";

export function formatSummary(job: Job, data: DataSet, rounds: number, summary: Summary): string {
  const megabytes = (data.bytes / 1e6).toFixed(data.bytes < 10e6 ? 1 : 0);
  const title = `${job.name}: ${job.title}, ${data.rows.toLocaleString("en")} ${job.noun ?? "rows"}, ${megabytes} MB, ${count(rounds, "round")}`;
  const rows = summary.sides.map((side) => [
    `${side.name} ${side.version}`,
    formatSpread(side.seconds),
    formatSpread(side.againSeconds),
    side.wallSeconds.median.toFixed(3),
    `${side.cpuSeconds.median.toFixed(3)}, ${side.againCpuSeconds.median.toFixed(3)}`,
    `${(side.peakRssBytes.median / 1e6).toFixed(0)} MB`,
    side.name in summary.ratios ? summary.ratios[side.name].toFixed(3) : "",
    side.name in summary.againRatios ? summary.againRatios[side.name].toFixed(3) : "",
  ]);
  const head = [
    "",
    "first, seconds (min … max)",
    "again, seconds (min … max)",
    "process",
    "CPU, first and again",
    "peak RSS",
    "abanico ÷ it",
    "again",
  ];
  return [title, ...alignColumns([head, ...rows]), ...summary.bars.map(formatBar), ""].join("\n");
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function formatSpread({ median, min, max }: Spread): string {
  return `${median.toFixed(3)} (${min.toFixed(3)} … ${max.toFixed(3)})`;
}

function formatBar(bar: BarResult): string {
  const verdict = bar.met === null ? "not measured" : bar.met ? "met" : "MISSED";
  if (bar.kind === "peakRss") return `  bar: peak RSS ≤ ${bar.atMost / 1e6} MB: ${verdict}`;
  const measured = bar.measured === null ? "" : `, is ${bar.measured.toFixed(3)}`;
  if (bar.kind === "output") return `  bar: size ≤ ${bar.atMost} × ${bar.against}${measured}: ${verdict}`;
  return `  bar: ${bar.kind} (${bar.run}) ≤ ${bar.atMost} × ${bar.against}${measured}: ${verdict}`;
}

/** The first column to the left, the others to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
  );
}
