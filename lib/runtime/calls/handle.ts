import { CancelledError } from "../../errors.ts";
import { decodeSoon } from "../../values.ts";
import type { CallHandle, CallStatus } from "./calls.ts";
import type { CallNode } from "./node.ts";

/** What a handle asks of the graph that its call is in. */
export interface NodeHost {
  bytesOf(node: CallNode): Promise<Uint8Array>;
  peek(node: CallNode): Uint8Array | undefined;
  unuse(node: CallNode): void;
  /** As `unuse`, but what has not run yet still runs. */
  loosen(node: CallNode): void;
  cancel(node: CallNode): void;
  retry(node: CallNode): void;
}

/** One hold on a call. */
export class Handle implements CallHandle {
  readonly node: CallNode;
  readonly host: NodeHost;
  #released = false;

  constructor(node: CallNode, host: NodeHost) {
    this.node = node;
    this.host = host;
    node.uses++;
  }

  get key(): string {
    return this.node.key;
  }

  get status(): CallStatus {
    switch (this.node.state) {
      case "done":
        return "finished";
      case "failed":
        return "error";
      case "cancelled":
      case "dropped":
        return "cancelled";
      default:
        return "pending";
    }
  }

  result(): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.deliver((value, error) => (error === undefined ? resolve(value) : reject(error))),
    );
  }

  deliver(receive: (value: unknown, error: unknown) => void): void {
    if (this.node.over) this.#hand(receive);
    else this.#atEnd(() => this.#hand(receive));
  }

  #hand(receive: (value: unknown, error: unknown) => void): void {
    const { node } = this;
    if (node.state !== "done") {
      receive(undefined, node.error ?? releasedError(node.key));
      return;
    }
    let value: unknown;
    try {
      const bytes = this.host.peek(node);
      value = bytes === undefined ? this.#readBack() : decodeSoon(bytes);
    } catch (error) {
      receive(undefined, error);
      return;
    }
    receive(value, undefined);
  }

  /** The callback is called while the ledger is at work: it may only take notes. */
  #atEnd(callback: () => void): void {
    const { node } = this;
    const { callbacks } = node;
    if (callbacks === undefined) node.callbacks = callback;
    else if (typeof callbacks === "function") node.callbacks = [callbacks, callback];
    else callbacks.push(callback);
  }

  /** From disk: held until it is here, whoever releases it meanwhile. */
  async #readBack(): Promise<unknown> {
    const hold = this.share();
    try {
      return await decodeSoon(await this.host.bytesOf(this.node));
    } finally {
      hold.release();
    }
  }

  whenDone(callback: () => void): void {
    if (this.node.over) queueMicrotask(callback);
    else this.#atEnd(() => queueMicrotask(callback));
  }

  share(): CallHandle {
    return new Handle(this.node, this.host);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.host.unuse(this.node);
  }

  loosen(): void {
    if (this.#released) return;
    this.#released = true;
    this.host.loosen(this.node);
  }

  cancel(): void {
    this.host.cancel(this.node);
  }

  retry(): void {
    this.host.retry(this.node);
  }
}

export function releasedError(key: string): CancelledError {
  return new CancelledError(`The result of ${key} was released.`, {
    fields: { key },
    fix: "submit it again, and hold on to its future for as long as the result is wanted.",
  });
}
