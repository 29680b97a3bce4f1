import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { recordTasks } from "../lib/callables/console.ts";
import { servicesFromEnvironment } from "../lib/runtime/aws/aws-services.ts";
import type { Services } from "../lib/runtime/aws/services.ts";

/** What Lambda says of a call, as far as we look. */
interface CallContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/**
 * A Lambda handler of a function of the library: gives it the stack's services, logs what it throws before Step Functions shortens it, and counts what
 * `countsOf` says of its answer, as metrics of the namespace "Abanico". Each call has a log of its own, so that handlers keep nothing between calls.
 */
export function handlerOf<Event, Answer>(
  name: string,
  run: (event: Event, services: Services) => Promise<Answer>,
  countsOf: (answer: Answer) => Readonly<Record<string, number>> = () => ({}),
): (event: Event, context: CallContext) => Promise<Answer> {
  const root = new Logger({ serviceName: name });
  return async (event, context) => {
    const logger = root.createChild({ persistentKeys: { request: context.awsRequestId, ...placeOf(event) } });
    try {
      const log: Services["log"] = (level, message, fields) => logger[level](message, { ...fields });
      const services = { ...(await servicesFromEnvironment(context)), log };
      recordTasks();
      const answer = await run(event, services);
      publish(name, countsOf(answer));
      return answer;
    } catch (error) {
      logger.error(`${name} failed`, error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  };
}

/** What log lines are found by: the run, and the part of it that the call is for. */
function placeOf(event: unknown): Record<string, unknown> {
  if (typeof event !== "object" || event === null) return {};
  const given = new Map<string, unknown>(Object.entries(event));
  return Object.fromEntries(["run", "part", "stage", "round", "batch"].map((key) => [key, given.get(key)]));
}

function publish(name: string, counts: Readonly<Record<string, number>>): void {
  const metrics = new Metrics({ namespace: "Abanico", serviceName: name });
  for (const [metric, count] of Object.entries(counts)) metrics.addMetric(metric, MetricUnit.Count, count);
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}
