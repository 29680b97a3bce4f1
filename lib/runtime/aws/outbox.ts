import type { Printed } from "../../callables/console.ts";
import { toErrorRecord } from "../../errors.ts";
import { boundedRecord } from "./bounded-record.ts";
import { queueOf } from "./lanes.ts";
import type { PartOf, TaskFacts, WorkInput, WorkMessage } from "./protocol.ts";
import type { Services } from "./services.ts";

/** Of parts and facts, in bytes. SQS takes 1 MiB of UTF-8; what was printed takes up to six times its units, and has room in the rest as what is around it. */
const MESSAGE_BYTES = 600_000;
/** Of what the tasks of a batch print, in UTF-16 code units. */
const PRINTED_UNITS = 64 * 1024;

type Outcome = WorkMessage["outcome"];

/** What a batch tells Collect: put together, and split where it is too much for a message. */
export class Outbox {
  readonly #input: WorkInput;
  readonly #services: Services;
  #since: number;
  #parts: PartOf[] = [];
  #tasks: TaskFacts[] = [];
  #printed: NonNullable<WorkMessage["printed"]>[number][] = [];
  #bytes = 0;
  #room = PRINTED_UNITS;

  constructor(input: WorkInput, services: Services) {
    this.#input = input;
    this.#services = services;
    this.#since = services.clock.now();
  }

  /** Tasks that are done, and their output, where they have one. */
  async add(tasks: readonly TaskFacts[], part?: PartOf): Promise<void> {
    const bytes = JSON.stringify([tasks, part]).length;
    if (this.#bytes > 0 && this.#bytes + bytes > MESSAGE_BYTES) await this.send();
    this.#tasks.push(...tasks);
    if (part !== undefined) this.#parts.push(part);
    this.#bytes += bytes;
  }

  /** What came out of a task on the side. */
  print(task: number, printed: readonly Printed[] = []): void {
    for (const { stream, text } of printed) {
      const kept = text.slice(0, this.#room);
      if (kept === "") return;
      this.#room -= kept.length;
      // A character may take six bytes in JSON.
      this.#bytes += 6 * kept.length;
      this.#printed.push({ task, stream, text: kept });
    }
  }

  async send(): Promise<void> {
    if (this.#tasks.length === 0) return;
    const [parts, tasks] = [this.#parts, this.#tasks];
    [this.#parts, this.#tasks] = [[], []];
    await this.#post({ kind: "done", parts, tasks });
  }

  /** Everything that is done, and behind it the failure. */
  async fail(task: number, attempt: number, error: unknown): Promise<void> {
    await this.send();
    await this.#post({ kind: "failed", task, attempt, error: boundedRecord(toErrorRecord(error)) });
  }

  /** Nobody knows how far the batch came. */
  async lose(error: unknown): Promise<void> {
    const { first } = this.#input.batch;
    await this.#post({
      kind: "failed",
      task: first,
      attempt: 1,
      error: boundedRecord(toErrorRecord(error)),
      lost: true,
    });
  }

  async #post(outcome: Outcome): Promise<void> {
    const { run, part, stage, round, queue, batch } = this.#input;
    const { clock, queues, worker = "", memoryMb } = this.#services;
    const now = clock.now();
    const message: WorkMessage = {
      run,
      part,
      stage,
      round,
      queue,
      batch,
      ms: now - this.#since,
      worker,
      ...(memoryMb === undefined ? {} : { memoryMb }),
      outcome,
      ...(this.#printed.length === 0 ? {} : { printed: this.#printed }),
    };
    [this.#since, this.#printed, this.#bytes] = [now, [], 0];
    await queues.send(queueOf(this.#input, batch.first), [JSON.stringify(message)]);
  }
}
