/** Text: how often each word is there, the ten most frequent. */
import { makeWords } from "../data/words.ts";
import type { Job } from "../job.ts";

export const job: Job = {
  name: "words",
  title: "count words of text, the ten most frequent",
  rows: 12_000_000,
  smokeRows: 20_000,
  data: makeWords,
  abanico: new URL("words.abanico.ts", import.meta.url),
  peers: [{ name: "dask", packages: ["dask"], script: new URL("../peers/words.py", import.meta.url) }],
  bars: [
    { kind: "time", against: "dask", atMost: 0.3 },
    { kind: "peakRss", atMost: 500e6 },
  ],
};
