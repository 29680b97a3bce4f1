/** From runs to numbers: medians, ratios, and whether the bars were met. */
import type { Bar, Job, Run, Side } from "./job.ts";

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface SideSummary {
  readonly name: string;
  readonly version: string;
  readonly seconds: Spread;
  readonly againSeconds: Spread;
  readonly wallSeconds: Spread;
  readonly cpuSeconds: Spread;
  readonly againCpuSeconds: Spread;
  readonly peakRssBytes: Spread;
  /** Null for jobs that write nothing. */
  readonly outputBytes: number | null;
}

/** A bar with what was measured; `met` is null if its peer was not there. */
export type BarResult = Bar & {
  readonly run: "first" | "again";
  readonly measured: number | null;
  readonly met: boolean | null;
};

export interface Summary {
  readonly sides: readonly SideSummary[];
  /** Peer → Abanico's median seconds divided by the peer's: below 1 Abanico is faster. */
  readonly ratios: Readonly<Record<string, number>>;
  /** The same for the second run in each process. */
  readonly againRatios: Readonly<Record<string, number>>;
  readonly bars: readonly BarResult[];
}

/** `runs` holds the runs of each side by its name; the first side is Abanico. */
export function summarize(job: Job, sides: readonly Side[], runs: ReadonlyMap<string, readonly Run[]>): Summary {
  const summaries = sides.map((side) => summarizeSide(side, runs.get(side.name) ?? []));
  const [own, ...peers] = summaries;
  const ratiosOf = (figure: "seconds" | "againSeconds") =>
    Object.fromEntries(peers.map((peer) => [peer.name, own[figure].median / peer[figure].median]));
  const ratios = { first: ratiosOf("seconds"), again: ratiosOf("againSeconds") };
  const bars = job.bars.flatMap((bar) =>
    (bar.kind === "time" || bar.kind === "cpu" ? (["first", "again"] as const) : (["again"] as const)).map((run) => {
      const measured = measure(bar, run, own, peers);
      return { ...bar, run, measured, met: measured === null ? null : measured <= bar.atMost };
    }),
  );
  return { sides: summaries, ratios: ratios.first, againRatios: ratios.again, bars };
}

/** What a bar is held to: null where its peer was not there. */
function measure(bar: Bar, run: "first" | "again", own: SideSummary, peers: readonly SideSummary[]): number | null {
  if (bar.kind === "peakRss") return own.peakRssBytes.median;
  const peer = peers.find(({ name }) => name === bar.against);
  if (peer === undefined) return null;
  if (bar.kind === "output") return own.outputBytes === null ? null : own.outputBytes / (peer.outputBytes ?? NaN);
  const figures = {
    time: { first: "seconds", again: "againSeconds" },
    cpu: { first: "cpuSeconds", again: "againCpuSeconds" },
  } as const;
  const figure = figures[bar.kind][run];
  return own[figure].median / peer[figure].median;
}

function summarizeSide(side: Side, runs: readonly Run[]): SideSummary {
  return {
    name: side.name,
    version: side.version,
    seconds: spread(runs.map((run) => run.seconds)),
    againSeconds: spread(runs.map((run) => run.againSeconds)),
    wallSeconds: spread(runs.map((run) => run.wallSeconds)),
    cpuSeconds: spread(runs.map((run) => run.cpuSeconds)),
    againCpuSeconds: spread(runs.map((run) => run.againCpuSeconds)),
    peakRssBytes: spread(runs.map((run) => run.peakRssBytes)),
    outputBytes: runs[0]?.outputBytes ?? null,
  };
}

/** The median of an even number of values is the mean of the middle two. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error("no run to summarize");
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}
