import { Client } from "../client/client.ts";
import { explainFrame } from "../client/run-frame.ts";
import type { DataFrame } from "../collections/dataframe/dataframe.ts";
import { lowerFrame } from "../plan/lower/frame.ts";
import { defaultStore } from "../store/default-store.ts";
import { wordOption, type Arguments, type OptionSpecs } from "./arguments.ts";
import { CLIENT_OPTIONS, clientOptions } from "./client-arguments.ts";
import { CSV_OPTIONS, STEP_OPTIONS, frameOf } from "./frame-arguments.ts";
import { FORMATS, printTable } from "../collections/dataframe/print-table.ts";
import type { Terminal } from "./terminal.ts";

/** Rows of a text table where the command line asks for no number. */
const SHOWN = 20;

/** How a frame is computed and printed. */
export const PRINT_OPTIONS: OptionSpecs = {
  output: { value: FORMATS.join("|"), help: `a table shows ${SHOWN} rows unless --head says more. Default table` },
  ...CLIENT_OPTIONS,
  explain: { help: "print what would run, and run nothing" },
};

export const RUN_OPTIONS: OptionSpecs = { ...STEP_OPTIONS, ...CSV_OPTIONS, ...PRINT_OPTIONS };

export const PLAN_OPTIONS: OptionSpecs = {
  ...STEP_OPTIONS,
  ...CSV_OPTIONS,
  pipeline: { help: "print the pipeline as JSON instead: abanico run reads it" },
};

/** `abanico run`: computes a frame and prints its rows. */
export async function run(args: Arguments, terminal: Terminal): Promise<void> {
  await printFrame(await frameOf(args), args, terminal);
}

/** Computes a frame and prints it as the options say: --output, --explain, --head (which the frame has seen to). */
export async function printFrame(frame: DataFrame, args: Arguments, terminal: Terminal): Promise<void> {
  const format = wordOption(args, "output", FORMATS) ?? (args.has("json") ? "json" : "table");
  const options = clientOptions(args, terminal);
  if (args.has("explain")) return terminal.write(`${await explainFrame(frame, { store: defaultStore() })}\n`);
  const partly = format === "table" && !args.has("head");
  const started = performance.now();
  await using client = await Client.local(options);
  const { signal } = terminal;
  // One row more than is shown tells whether there are more.
  const table = await client.compute(partly ? frame.head(SHOWN + 1) : frame, { signal });
  const seconds = (performance.now() - started) / 1000;
  for (const text of printTable(table, format, partly ? SHOWN : table.numRows)) await terminal.write(text);
  const more = partly && table.numRows > SHOWN ? "; there are more rows: --head N or --output csv gives them" : "";
  terminal.say(terminal.style("dim", `${seconds.toFixed(2)} s${more}`));
}

/** `abanico plan`: prints what would run. */
export async function plan(args: Arguments, terminal: Terminal): Promise<void> {
  const frame = await frameOf(args);
  await terminal.write(`${await described(frame, args, terminal.signal)}\n`);
}

async function described(frame: DataFrame, args: Arguments, signal: AbortSignal): Promise<string> {
  if (args.has("pipeline")) return JSON.stringify(frame, undefined, 2);
  const store = defaultStore();
  if (!args.has("json")) return explainFrame(frame, { store });
  const lowered = await lowerFrame(frame.node, { store, signal });
  return JSON.stringify(lowered.plan, undefined, 2);
}
