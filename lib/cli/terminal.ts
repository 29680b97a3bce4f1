import { styleText } from "node:util";

type Output = NodeJS.WriteStream;
type Style = Parameters<typeof styleText>[0];

/** Where a command writes to, and what stops it. */
export interface Terminal {
  /** Data: standard output. Waits while the reader is slow; throws `PipeClosedError` when it has gone. */
  write(text: string): Promise<void>;
  /** All else: standard error; nothing with --quiet. */
  say(line: string): void;
  /** For standard error, which may be no terminal, or one that wants no colours. */
  style(style: Style, text: string): string;
  /** Whether a progress line may be drawn. */
  readonly progress: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Whoever read standard output has had enough, as `head` does: no error. */
export class PipeClosedError extends Error {}

export interface TerminalOptions {
  readonly quiet: boolean;
  readonly signal: AbortSignal;
}

/** A terminal over this process's streams. */
export function processTerminal({ quiet, signal }: TerminalOptions): Terminal {
  const { stdout, stderr } = process;
  let closed = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    closed = true;
  });
  const style = (wanted: Style, text: string) => (mayColour(stderr) ? paint(wanted, text) : text);
  return {
    async write(text) {
      if (closed) throw new PipeClosedError();
      signal.throwIfAborted();
      if (!stdout.write(text)) await drained(stdout);
    },
    say: (line) => void (quiet || stderr.write(`${line}\n`)),
    style,
    progress: !quiet && stderr.isTTY === true,
    signal,
  };
}

/** See no-color.org. */
export function mayColour(stream: Output): boolean {
  return stream.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
}

function paint(style: Style, text: string): string {
  return styleText(style, text, { validateStream: false });
}

function drained(stream: Output): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("error", done);
      resolve();
    };
    stream.on("drain", done).on("error", done);
  });
}
