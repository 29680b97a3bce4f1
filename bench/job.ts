/** What a benchmark is: data, one script for Abanico, one for each peer, and the bars it is held to. */

/** A data set on disk. */
export interface DataSet {
  readonly glob: string;
  readonly files: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** What every side must answer, computed while the data was made. Absent in jobs of cases, whose sides are compared with each other. */
  readonly expected?: Answer;
}

/** Group → number. Sides agree when they have the same groups and their numbers differ by at most 1e-9, relative. */
export type Answer = Readonly<Record<string, number>>;

export interface Peer {
  readonly name: string;
  /** The Python packages it needs; the version of the first stands for the peer's. */
  readonly packages: readonly string[];
  readonly script: URL;
}

/**
 * `atMost` is Abanico's median time (or CPU time) divided by the peer's, held to for the first run and for the second; the size of what it
 * wrote divided by that of what the peer wrote; or bytes of peak resident memory.
 */
export type Bar =
  | { readonly kind: "time" | "cpu" | "output"; readonly against: string; readonly atMost: number }
  | { readonly kind: "peakRss"; readonly atMost: number };

/** Held over the ratios of all cases, first and second run: `median` to their median, `each` to the largest. */
export interface CaseBar {
  readonly kind: "median" | "each";
  readonly against: string;
  readonly atMost: number;
}

export interface Job {
  readonly name: string;
  readonly title: string;
  readonly rows: number;
  readonly smokeRows: number;
  /** What is counted in rows, where that is not rows. */
  readonly noun?: string;
  /** Makes the data below `folder`, or finds it there. */
  readonly data: (folder: string, rows: number) => Promise<DataSet>;
  readonly abanico: URL;
  readonly peers: readonly Peer[];
  readonly bars: readonly Bar[];
  /** Name → title of what is run and reported one by one; scripts get the name behind THREADS. Such a job has `caseBars`, not `bars`. */
  readonly cases?: Readonly<Record<string, string>>;
  readonly caseBars?: readonly CaseBar[];
}

/** What a side prints as its last line on stdout. */
export interface Report {
  /** The first time, from before reading (and before a client starts) to the answer, without loading modules. */
  readonly seconds: number;
  /** The same work again in the same process, whose client, threads and code are warm. */
  readonly againSeconds: number;
  /** Processor time of all threads and child processes, for each of the two. */
  readonly cpuSeconds: number;
  readonly againCpuSeconds: number;
  readonly peakRssBytes: number;
  /** Of the files it wrote, for jobs that write. */
  readonly outputBytes?: number;
  readonly answer: Answer;
}

/** One run of one side, in a process of its own. */
export interface Run extends Report {
  /** From the start of the process to its end. */
  readonly wallSeconds: number;
}

/** A program that runs a job: its answer comes from a fresh process each time. */
export interface Side {
  readonly name: string;
  readonly version: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
