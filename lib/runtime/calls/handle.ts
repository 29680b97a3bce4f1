import { CancelledError } from "../../errors.ts";
import { decodeValue } from "../../values.ts";
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
    const { node } = this;
    if (node.over)
      try {
        return Promise.resolve(this.#value());
      } catch (error) {
        return Promise.reject(error);
      }
    return new Promise((resolve, reject) => {
      this.#atEnd(() => {
        try {
          resolve(this.#value());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Of a call that is over. Throws what it ended with. */
  #value(): unknown {
    const { node } = this;
    if (node.state !== "done") throw node.error ?? releasedError(node.key);
    const bytes = this.host.peek(node);
    return bytes === undefined ? this.#readBack() : decodeValue(bytes);
  }

  /** The callback is called while the ledger is at work: it may only take notes. */
  #atEnd(callback: () => void): void {
    const { node } = this;
    if (node.callbacks === undefined) node.callbacks = [callback];
    else node.callbacks.push(callback);
  }

  /** From disk: held until it is here, whoever releases it meanwhile. */
  async #readBack(): Promise<unknown> {
    const hold = this.share();
    try {
      return decodeValue(await this.host.bytesOf(this.node));
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
