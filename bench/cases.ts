/**
 * Jobs of several cases, such as the questions of a benchmark: each run of each case has a process of its own, so that one that takes all memory
 * or fails is told as such and the others go on. The sides are compared with each other: nobody else knows the answers.
 */
import { difference } from "./agree.ts";
import { runSide } from "./child.ts";
import type { Answer, CaseBar, Job, Run, Side } from "./job.ts";
import { spread, type Spread } from "./summary.ts";

export interface SideInCase {
  readonly name: string;
  readonly version: string;
  /** Absent where it failed. */
  readonly seconds?: Spread;
  readonly againSeconds?: Spread;
  readonly peakRssBytes?: Spread;
  readonly failure?: string;
  /** Abanico's median time divided by its; absent for Abanico, and where one of them failed. */
  readonly ratio?: number;
  readonly againRatio?: number;
}

export interface CaseSummary {
  readonly name: string;
  readonly title: string;
  readonly sides: readonly SideInCase[];
}

/** The first side is Abanico; `tell` hears each case as it ends. */
export async function runCases(
  job: Job,
  sides: readonly Side[],
  rounds: number,
  tell: (summary: CaseSummary) => void,
): Promise<CaseSummary[]> {
  const summaries: CaseSummary[] = [];
  for (const [name, title] of Object.entries(job.cases ?? {})) {
    const inCase = sides.map((side) => ({ ...side, command: [...side.command, name] }));
    const summary = { name, title, sides: summarize(await runRounds(inCase, rounds)) };
    tell(summary);
    summaries.push(summary);
  }
  return summaries;
}

interface Outcome {
  readonly side: Side;
  readonly runs: Run[];
  failure?: string;
}

/** Rounds begin with another side each. What fails once is not run again. */
async function runRounds(sides: readonly Side[], rounds: number): Promise<Outcome[]> {
  const outcomes = sides.map((side): Outcome => ({ side, runs: [] }));
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < outcomes.length; i++) {
      const outcome = outcomes[(round + i) % outcomes.length];
      if (outcome.failure !== undefined) continue;
      try {
        outcome.runs.push(await runSide(outcome.side));
      } catch (error) {
        outcome.failure = error instanceof Error ? error.message : String(error);
      }
    }
  judge(outcomes);
  return outcomes;
}

/** An answer that others do not give is a failure: of Abanico, where the peers agree among themselves. */
function judge(outcomes: readonly Outcome[]): void {
  const [own, ...peers] = outcomes;
  const reference = peers.find(({ side, failure }) => side.name === "duckdb" && failure === undefined) ?? own;
  const expected: Answer = reference.runs[0]?.answer ?? {};
  for (const outcome of outcomes)
    for (const { answer } of outcome.runs) {
      const wrong = difference(expected, answer);
      if (wrong !== undefined) outcome.failure ??= `answers otherwise than ${reference.side.name}: ${wrong}`;
    }
}

function summarize(outcomes: readonly Outcome[]): SideInCase[] {
  const medians = outcomes.map(({ side: { name, version }, runs, failure }): SideInCase => {
    if (failure !== undefined) return { name, version, failure };
    const of = (figure: "seconds" | "againSeconds" | "peakRssBytes") => spread(runs.map((run) => run[figure]));
    return {
      name,
      version,
      seconds: of("seconds"),
      againSeconds: of("againSeconds"),
      peakRssBytes: of("peakRssBytes"),
    };
  });
  const [own, ...peers] = medians;
  const over = (figure: "seconds" | "againSeconds", peer: SideInCase) =>
    own[figure] === undefined || peer[figure] === undefined ? undefined : own[figure].median / peer[figure].median;
  const withRatios = peers.map((peer): SideInCase => {
    const [ratio, againRatio] = [over("seconds", peer), over("againSeconds", peer)];
    return { ...peer, ...(ratio === undefined ? {} : { ratio }), ...(againRatio === undefined ? {} : { againRatio }) };
  });
  return [own, ...withRatios];
}

/** A bar over all cases with what was measured: null where its peer was not there, or failed in all of them. */
export type CaseBarResult = CaseBar & {
  readonly run: "first" | "again";
  readonly measured: number | null;
  readonly met: boolean | null;
};

export function judgeBars(bars: readonly CaseBar[], cases: readonly CaseSummary[]): CaseBarResult[] {
  return bars.flatMap((bar) =>
    (["first", "again"] as const).map((run): CaseBarResult => {
      const ratios = cases
        .flatMap(({ sides }) => sides.filter(({ name }) => name === bar.against))
        .flatMap((side) => (run === "first" ? side.ratio : side.againRatio) ?? []);
      if (ratios.length === 0) return { ...bar, run, measured: null, met: null };
      const measured = bar.kind === "median" ? spread(ratios).median : Math.max(...ratios);
      return { ...bar, run, measured, met: measured <= bar.atMost };
    }),
  );
}

/** A line a side: medians of the first and the second run, ratios, memory; or why there are none. */
export function formatCase({ name, title, sides }: CaseSummary): string {
  const ratio = (value: number | undefined) => (value === undefined ? "" : value.toFixed(3));
  const lines = sides.map((side) => {
    const label = `  ${`${side.name} ${side.version}`.padEnd(20)}`;
    if (side.failure !== undefined) return `${label} FAILED: ${side.failure.split("\n").slice(-3).join(" | ")}`;
    const seconds = [side.seconds, side.againSeconds].map((value) => `${value?.median.toFixed(3)} s`.padStart(11));
    const memory = `${((side.peakRssBytes?.median ?? 0) / 1e6).toFixed(0)} MB`.padStart(9);
    return `${label}${seconds.join("")}${memory}${[side.ratio, side.againRatio].map((r) => ratio(r).padStart(9)).join("")}`;
  });
  return [`${name}: ${title} (first, again, peak RSS, abanico ÷ it first, again)`, ...lines].join("\n");
}

export function formatBars(bars: readonly CaseBarResult[]): string {
  return bars
    .map(({ kind, run, against, atMost, measured, met }) => {
      const verdict = met === null ? "not measured" : met ? "met" : "MISSED";
      const what = kind === "median" ? "median ratio" : "largest ratio";
      return `  bar: ${what} (${run}) ≤ ${atMost} × ${against}${measured === null ? "" : `, is ${measured.toFixed(3)}`}: ${verdict}`;
    })
    .join("\n");
}
