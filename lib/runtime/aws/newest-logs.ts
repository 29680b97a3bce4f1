import type { LogLine, LogQuery } from "./cloud.ts";

/** What CloudWatch answers: up to 10,000 lines, the oldest first, perhaps none, and where to go on. */
export interface LogPage {
  readonly events?: readonly {
    readonly timestamp?: number | undefined;
    readonly message?: string | undefined;
    readonly logStreamName?: string | undefined;
  }[];
  readonly nextToken?: string | undefined;
}

/** Of one group: five can be asked for in a second. What lies behind them is not looked at. */
const MOST_PAGES = 200;

/** The latest `limit` lines of all groups, by their time. Nothing but those is held in memory. */
export async function* newestLogs(
  groups: readonly string[],
  { limit }: LogQuery,
  page: (group: string, token: string | undefined) => Promise<LogPage>,
): AsyncGenerator<LogLine> {
  let lines: LogLine[] = [];
  for (const group of groups) {
    let token: string | undefined;
    let pages = 0;
    do {
      const { events = [], nextToken } = await page(group, token);
      for (const { timestamp = 0, message = "", logStreamName = "" } of events)
        lines.push({ at: timestamp, group, stream: logStreamName, text: message });
      if (lines.length > limit) lines = lines.sort((a, b) => a.at - b.at).slice(-limit);
      token = nextToken;
    } while (token !== undefined && ++pages < MOST_PAGES);
  }
  yield* lines.sort((a, b) => a.at - b.at);
}
