/** When Collect does what. Tests and measurements change them; the functions take them as they are. */
export interface CollectLimits {
  /** So long before its time is up it writes its last checkpoint, in milliseconds. */
  readonly reserveMs: number;
  /** What was received waits no longer for a checkpoint, in milliseconds: well below `VISIBILITY_MS`. */
  readonly checkpointMs: number;
  /** Nor are there more messages that wait for one. SQS allows 120,000 that are received and not deleted. */
  readonly checkpointMessages: number;
  /** Partials at hand, in bytes; what is above that lies in S3 until it is merged. */
  readonly memoryBytes: number;
  /** Bytes of partials that are fetched from S3 before they are folded. */
  readonly fetchBytes: number;
  /** Receives at a time, at most. */
  readonly receivers: number;
  /** How long a receive waits for a message, in milliseconds; SQS allows 20 s. */
  readonly waitMs: number;
  /** How often it looks for the cancel marker, in milliseconds. */
  readonly lookMs: number;
  /** How often it tells how far it is, in milliseconds. */
  readonly progressMs: number;
  /** Repairs that it starts itself, at a time. */
  readonly repairs: number;
  /** Copies of what is missing that it starts at a time. */
  readonly copies: number;
  /** Nothing is started again before it has been quiet for this long, in milliseconds. */
  readonly quietMs: number;
  /** A batch whose function went down is waited for this long once it was started again, in milliseconds, or longer: see collected-stage.ts. */
  readonly lostMs: number;
}

const DEFAULT_LIMITS: CollectLimits = {
  reserveMs: 60_000,
  checkpointMs: 30_000,
  checkpointMessages: 10_000,
  memoryBytes: 256 * 2 ** 20,
  fetchBytes: 64 * 2 ** 20,
  receivers: 16,
  waitMs: 5_000,
  lookMs: 5_000,
  progressMs: 2_000,
  repairs: 16,
  copies: 64,
  quietMs: 15_000,
  lostMs: 60_000,
};

/** Of a function's memory partials may take a sixth: decoded they are larger, and a checkpoint copies them. */
export function limitsFor({ memoryMb }: { readonly memoryMb?: number }): CollectLimits {
  if (memoryMb === undefined) return DEFAULT_LIMITS;
  const bytes = memoryMb * 2 ** 20;
  return { ...DEFAULT_LIMITS, memoryBytes: bytes / 6, fetchBytes: Math.min(DEFAULT_LIMITS.fetchBytes, bytes / 16) };
}
