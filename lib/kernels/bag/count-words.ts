import { isAscii } from "node:buffer";
import { InternalError } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import type { TaskContext, TaskOutput } from "../kernel.ts";
import { readBlocks } from "../text/lines.ts";
import { LF, type TextBlock } from "../text/text-block.ts";
import { MOST_BYTES, withWordKernel, type WordKernel } from "../text/word-kernel.ts";
import type { Flow, MaybePromise } from "./flow.ts";
import type { BagParams, BagReader, Words } from "./params.ts";
import { HELD_KEYS } from "./send.ts";
import { CountSender } from "./send-counts.ts";
import { compileSteps, type Failures } from "./steps.ts";
import type { Place } from "./user-errors.ts";

/**
 * Counts of the words of a range of text, as the steps find them: those of ASCII lines by their bytes, those of other lines (and of lines
 * too long for a window) by the steps themselves. All are counted in one place, line by line, so what comes out is what the
 * steps alone would give, in its order.
 */
export function countWords(
  { sink, steps }: BagParams,
  reader: Extract<BagReader, { from: "text" }>,
  words: Words,
  range: Extract<TaskInput, { kind: "range" }>,
  context: TaskContext,
  place: Place,
): Promise<TaskOutput> {
  if (sink.to !== "exchange" || sink.send.do !== "frequencies")
    throw new InternalError("Words are counted for frequencies only.");
  const { partitions } = sink;
  return withWordKernel(words, async (kernel) => {
    const failures: Failures = [];
    const sender = new CountSender(partitions, HELD_KEYS, kernel.counts);
    const counting = new Counting(kernel, await compileSteps(steps, sender, place, failures));
    const use = (block: TextBlock): MaybePromise<number> => {
      const counted = counting.block(block);
      if (typeof counted !== "number") return counted;
      sender.sendBeyond();
      return counted;
    };
    const { recordsIn, span } = await readBlocks(range, context, reader, use, sender);
    return { ...sender.finish(failures), recordsIn, span };
  });
}

class Counting {
  readonly #kernel: WordKernel;
  readonly #flow: Flow;

  constructor(kernel: WordKernel, flow: Flow) {
    this.#kernel = kernel;
    this.#flow = flow;
  }

  /** Gives the number of lines. */
  block(block: TextBlock): MaybePromise<number> {
    const { bytes } = block;
    if (bytes.length > MOST_BYTES) return this.#bySteps(block, 0, bytes.length);
    return block.isAscii ? this.#kernel.count(bytes) : this.#mixed(block);
  }

  /** Lines that follow each other, and are all ASCII or all not, are taken together. */
  async #mixed(block: TextBlock): Promise<number> {
    const { bytes } = block;
    let lines = 0;
    for (let from = 0; from < bytes.length;) {
      let to = endOfLine(bytes, from);
      const plain = isAscii(bytes.subarray(from, to));
      for (let next = to; next < bytes.length; to = next) {
        next = endOfLine(bytes, to);
        if (isAscii(bytes.subarray(to, next)) !== plain) break;
      }
      lines += plain ? this.#kernel.count(bytes.subarray(from, to)) : await this.#bySteps(block, from, to);
      from = to;
    }
    return lines;
  }

  #bySteps(block: TextBlock, from: number, to: number): MaybePromise<number> {
    const lines = block.lines(from, to);
    const pushed = lines.length === 0 ? undefined : this.#flow.push(lines);
    return pushed === undefined ? lines.length : pushed.then(() => lines.length);
  }
}

/** Behind the line feed that is next. */
function endOfLine(bytes: Buffer, at: number): number {
  const found = bytes.indexOf(LF, at);
  return found < 0 ? bytes.length : found + 1;
}
