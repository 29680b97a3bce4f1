import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  MathExpression,
  TreatMissingData,
  type IMetric,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";

/** What is watched. */
export interface Watched {
  readonly machine: StateMachine;
  readonly deadLetters: readonly Queue[];
  /** All functions, by name. */
  readonly functions: Readonly<Record<string, IFunction>>;
  /** Functions in which no mistake of a user's is an error. */
  readonly blameless: readonly IFunction[];
  readonly work: IFunction;
}

const PERIOD = Duration.minutes(5);

export interface Alarms {
  /** A run failed. */
  readonly failedRuns: Alarm;
  /** There are events that started nothing, or results that nobody could deal with. */
  readonly deadLetters: Alarm;
  /** A function that starts or ends runs failed. */
  readonly errors: Alarm;
  /** Workers have been throttled for a quarter of an hour: the account's quota is too small for `maxConcurrency`. */
  readonly throttles: Alarm;
}

/** Nobody pays for more than seven metrics: an alarm on a sum counts its terms. */
export function makeAlarms(scope: Construct, watched: Watched, topic: ITopic | undefined): Alarms {
  const alarm = (id: string, description: string, metric: IMetric, threshold = 1, evaluationPeriods = 1): Alarm => {
    const made = new Alarm(scope, id, {
      alarmDescription: `Abanico: ${description}`,
      metric,
      threshold,
      evaluationPeriods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (topic !== undefined) made.addAlarmAction(new SnsAction(topic));
    return made;
  };
  const { machine, deadLetters, blameless, work } = watched;
  return {
    failedRuns: alarm("FailedRuns", "a run failed", machine.metricFailed({ period: PERIOD })),
    deadLetters: alarm(
      "DeadLettersAlarm",
      "dead letters wait",
      sum(
        deadLetters.map((queue) =>
          queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: "max" }),
        ),
      ),
    ),
    errors: alarm(
      "Errors",
      "a function that starts or ends runs failed",
      sum(blameless.map((fn) => fn.metricErrors({ period: PERIOD }))),
    ),
    throttles: alarm(
      "Throttles",
      "workers were throttled for a quarter of an hour",
      work.metricThrottles({ period: PERIOD }),
      100,
      3,
    ),
  };
}

function sum(metrics: readonly IMetric[]): IMetric {
  const named = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  return new MathExpression({ expression: Object.keys(named).join(" + "), usingMetrics: named, period: PERIOD });
}

/** Runs, functions and queues at a glance. */
export function makeDashboard(scope: Construct, { machine, deadLetters, functions }: Watched): Dashboard {
  const dashboard = new Dashboard(scope, "Dashboard");
  const each = (metricOf: (fn: IFunction, label: string) => IMetric) =>
    Object.entries(functions).map(([label, fn]) => metricOf(fn, label));
  dashboard.addWidgets(
    new GraphWidget({
      title: "Runs",
      left: [
        machine.metricStarted({ label: "started" }),
        machine.metricSucceeded({ label: "succeeded" }),
        machine.metricFailed({ label: "failed" }),
        machine.metricAborted({ label: "cancelled" }),
      ],
    }),
    new GraphWidget({ title: "Calls", left: each((fn, label) => fn.metricInvocations({ label })) }),
    new GraphWidget({
      title: "Errors, throttles",
      left: each((fn, label) => fn.metricErrors({ label })),
      right: each((fn, label) => fn.metricThrottles({ label: `${label}, throttled` })),
    }),
  );
  dashboard.addWidgets(
    new GraphWidget({
      title: "Duration, 99 %",
      left: each((fn, label) => fn.metricDuration({ label, statistic: "p99" })),
    }),
    new GraphWidget({
      title: "At once",
      left: each((fn, label) => fn.metric("ConcurrentExecutions", { label, statistic: "max" })),
    }),
    new GraphWidget({
      title: "Dead letters",
      left: deadLetters.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ statistic: "max" })),
    }),
  );
  return dashboard;
}
