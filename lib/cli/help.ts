import { COMMON, type OptionSpecs } from "./arguments.ts";

/** What help says of a command. */
export interface CommandHelp {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly options: OptionSpecs;
  readonly more?: string;
}

/** The help of all. */
export function overview(commands: readonly CommandHelp[]): string {
  const width = Math.max(...commands.map(({ usage }) => usage.length));
  return [
    "Abanico: work fans out over your processors, partial results fold back.",
    "",
    ...commands.map(({ usage, summary }) => `  abanico ${usage.padEnd(width)}  ${summary}`),
    "",
    "abanico COMMAND --help says more. Data goes to standard output, all else to standard error.",
    "Exit status: 0 done, 1 failed, 2 a command line that cannot be understood, 130 interrupted.",
  ].join("\n");
}

/** The help of one command. */
export function commandHelp({ usage, summary, options, more }: CommandHelp): string {
  const all = { ...options, ...COMMON };
  const left = Object.entries(all).map(([name, { value }]) => `--${name}${value === undefined ? "" : ` ${value}`}`);
  const width = Math.min(34, Math.max(...left.map((text) => text.length)));
  const lines = Object.values(all).map(({ help }, i) =>
    left[i].length > width ? `  ${left[i]}\n  ${" ".repeat(width)}  ${help}` : `  ${left[i].padEnd(width)}  ${help}`,
  );
  return [`abanico ${usage}`, "", summary, "", ...lines, ...(more === undefined ? [] : ["", more])].join("\n");
}
