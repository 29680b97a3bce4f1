import { formatBytes } from "../collections/options.ts";
import type { Held } from "./future.ts";
import { asCompleted } from "./gather.ts";
import { taskCount } from "../plan/rules.ts";
import type { RunEvent } from "../runtime/runtime.ts";

/** A terminal to draw on. */
interface Terminal {
  /** Whether someone looks. */
  readonly isTTY?: boolean;
  /** Its width; 0 or absent where it does not know. */
  readonly columns?: number;
  write(text: string): unknown;
}

interface StageProgress {
  readonly tasks: number;
  readonly bytes: number;
  done: number;
}

const WIDTH = 24;
const EVERY_MS = 80;

/** A subscriber to run events that draws one line, over and over, and clears it when the run ends. */
export function progressOn(terminal: Terminal): (event: RunEvent) => void {
  const stages = new Map<string, StageProgress>();
  let begun = 0;
  let drawn = 0;
  return (event) => {
    if (event.type === "run-started") {
      begun = performance.now();
      for (const stage of event.plan.stages)
        stages.set(`${event.run}/${stage.id}`, {
          tasks: taskCount(stage.tasks),
          bytes: stage.estimate.bytesIn,
          done: 0,
        });
    } else if (event.type === "task-finished" || event.type === "stage-progress") {
      const stage = stages.get(`${event.run}/${event.stage}`);
      if (stage === undefined) return;
      // A repaired task finishes twice.
      stage.done = Math.min(event.type === "task-finished" ? stage.done + 1 : event.done, stage.tasks);
      const now = performance.now();
      if (now - drawn < EVERY_MS && stage.done < stage.tasks) return;
      drawn = now;
      terminal.write(
        `\r\x1b[2K${line(event.stage, stage, (now - begun) / 1000)}`.slice(0, 5 + (terminal.columns || 80)),
      );
    } else if (event.type === "run-finished" || event.type === "run-failed") {
      for (const key of stages.keys()) if (key.startsWith(`${event.run}/`)) stages.delete(key);
      if (drawn > 0) terminal.write("\r\x1b[2K");
      drawn = 0;
    }
  };
}

/** Waits for all, and draws how many have ended. */
export async function drawFutures(futures: readonly Held<unknown>[], terminal: Terminal): Promise<void> {
  const begun = performance.now();
  const all: StageProgress = { tasks: futures.length, bytes: 0, done: 0 };
  let drawn = 0;
  for await (const _ of asCompleted(futures)) {
    all.done++;
    const now = performance.now();
    if (terminal.isTTY !== true || (now - drawn < EVERY_MS && all.done < all.tasks)) continue;
    drawn = now;
    terminal.write(`\r\x1b[2K${line("futures", all, (now - begun) / 1000)}`);
  }
  if (drawn > 0) terminal.write("\n");
}

function line(name: string, { tasks, bytes, done }: StageProgress, seconds: number): string {
  const share = tasks === 0 ? 1 : done / tasks;
  const filled = Math.round(share * WIDTH);
  const rate = bytes > 0 && seconds > 0 ? `, ${formatBytes((share * bytes) / seconds)}/s` : "";
  return `${name} ${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${done}/${tasks}, ${seconds.toFixed(1)} s${rate}`;
}
