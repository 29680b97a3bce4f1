import type { LambdaClient } from "@aws-sdk/client-lambda";
import type { SFNClient } from "@aws-sdk/client-sfn";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { retry } from "../../store/retry.ts";
import { awsError } from "./aws-errors.ts";

/** Clients of the SDK, each loaded and made when first asked for: a function pays only for what it uses. */
export interface Clients {
  lambda(): Promise<LambdaClient>;
  sfn(): Promise<SFNClient>;
  sqs(): Promise<SQSClient>;
}

/** They try once: retries are `again`'s, so that they are bounded in one place. A receive may wait 20 seconds. */
const CONFIG = { maxAttempts: 1, requestHandler: { connectionTimeout: 5_000, requestTimeout: 40_000 } };

export function clientsOf(): Clients {
  return {
    lambda: once(async () => new (await import("@aws-sdk/client-lambda")).LambdaClient(CONFIG)),
    sfn: once(async () => new (await import("@aws-sdk/client-sfn")).SFNClient(CONFIG)),
    // Queues are of this account and region: where SQS is, the environment says, and not a queue's URL.
    sqs: once(
      async () => new (await import("@aws-sdk/client-sqs")).SQSClient({ ...CONFIG, useQueueUrlAsEndpoint: false }),
    ),
  };
}

/** What `make` gives, made when it is first asked for; again where that has failed. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    made.catch(() => (made = undefined));
    return made;
  };
}

/** Makes a request until it is answered, or fails for good. Throttles and faults of the service pass within seconds, or are thrown. */
export function again<T>(doing: string, permission: string, request: () => Promise<T>): Promise<T> {
  return retry(async () => {
    try {
      return await request();
    } catch (thrown) {
      throw awsError(thrown, doing, permission);
    }
  });
}
