/** What may go wrong, and when: by chance, from a seed, or by a script. */

export type Operation =
  "head" | "get" | "put" | "list" | "remove" | "send" | "receive" | "delete" | "start-work" | "invoke";

/** A moment at which a function does something outside of itself. */
export interface Moment {
  /** As "collect". */
  readonly function: string;
  readonly operation: Operation;
  /** After: it has been done, but nobody knows yet. */
  readonly when: "before" | "after";
  /** Of the object. */
  readonly key?: string;
  /** Of the message, or what the function is called with. */
  readonly body?: string;
}

/**
 * `die`: the function ends there, and nothing of it goes on. `fault`: the operation fails in a way that may pass. `swallow`: it answers well, and was not
 * done. `twice`: done twice. `late`: done, to be seen much later; of a call: it runs on
 * while its caller is told that it failed.
 */
export type Verdict = "die" | "fault" | "swallow" | "twice" | "late" | undefined;

/** Gives the verdict for a moment; undefined leaves it to chance. */
export type Script = (moment: Moment) => Verdict | "fine";

/** How likely each fault is, from 0 to 1. */
export interface FaultRates {
  /** Of a request to S3: SlowDown. */
  readonly slowDown?: number;
  /** Of a write to S3: it is done, but the answer is lost. */
  readonly writeAnswerLost?: number;
  readonly messageTwice?: number;
  readonly messageLate?: number;
  /** Worse than SQS is. */
  readonly messageLost?: number;
  readonly sendFails?: number;
  readonly receiveThrottled?: number;
  readonly deleteSwallowed?: number;
  readonly deleteFails?: number;
  /** Of each operation of Collect: it dies there. */
  readonly collectDies?: number;
  readonly workDies?: number;
  /** Of each call of a function. */
  readonly throttled?: number;
  readonly functionError?: number;
  readonly answerLost?: number;
  /** The caller is told of a failure while the function runs on. */
  readonly orphaned?: number;
  /** A call of Work that nobody waits for is lost. */
  readonly startLost?: number;
}

/** All of them at once, far more often than anyone will see them. */
export const EVERYTHING: FaultRates = {
  slowDown: 0.03,
  writeAnswerLost: 0.03,
  messageTwice: 0.1,
  messageLate: 0.05,
  messageLost: 0.003,
  sendFails: 0.02,
  receiveThrottled: 0.05,
  deleteSwallowed: 0.05,
  deleteFails: 0.005,
  collectDies: 0.003,
  workDies: 0.01,
  throttled: 0.03,
  functionError: 0.03,
  answerLost: 0.03,
  orphaned: 0.02,
  startLost: 0.1,
};

export function chance(rates: FaultRates, random: () => number): (moment: Moment) => Verdict {
  const happens = (rate = 0) => rate > 0 && random() < rate;
  return ({ function: name, operation, when }) => {
    const dies = name === "collect" ? rates.collectDies : name.startsWith("work") ? rates.workDies : undefined;
    if (operation !== "invoke" && happens((dies ?? 0) / 2)) return "die";
    if (when === "after") {
      if (operation === "put" && happens(rates.writeAnswerLost)) return "fault";
      return operation === "invoke" && happens(rates.answerLost) ? "fault" : undefined;
    }
    switch (operation) {
      case "send":
        if (happens(rates.messageLost)) return "swallow";
        if (happens(rates.sendFails)) return "fault";
        if (happens(rates.messageTwice)) return "twice";
        return happens(rates.messageLate) ? "late" : undefined;
      case "receive":
        return happens(rates.receiveThrottled) ? "fault" : undefined;
      case "delete":
        if (happens(rates.deleteSwallowed)) return "swallow";
        return happens(rates.deleteFails) ? "fault" : undefined;
      case "start-work":
        return happens(rates.startLost) ? "swallow" : undefined;
      case "invoke":
        if (happens(rates.throttled)) return "fault";
        if (happens(rates.functionError)) return "die";
        return happens(rates.orphaned) ? "late" : undefined;
      default:
        return happens(rates.slowDown) ? "fault" : undefined;
    }
  };
}
