import { StoreFaultError } from "../../errors.ts";
import { again, type Clients } from "./aws-clients.ts";
import { isNoQueue } from "./aws-errors.ts";
import { VISIBILITY_MS, type Message, type Queues } from "./services.ts";

/** SQS takes 1 MiB, of a message as of ten in one request; where a queue does not say so it takes 256 KiB. In bytes. */
const MOST_BYTES = 2 ** 20;
/** A run may last a day, and its messages wait for Collect no longer. In seconds. */
const RETENTION_S = 86_400;
const AT_ONCE = 10;
/** The longest that a receive waits, in seconds. */
const LONGEST_WAIT_S = 20;

/**
 * A queue a run, made by the first function that needs it. `arnPrefix`: of the queues' ARNs; with it, a queue refuses what does not come by TLS. All functions
 * of a stack have the same one, since SQS refuses to make a queue that is there with other attributes.
 */
export function sqsQueues(clients: Clients, prefix: () => string, arnPrefix: string | undefined): Queues {
  const sdk = () => import("@aws-sdk/client-sqs");
  return {
    async create(run) {
      const QueueName = `${prefix()}${run}`;
      const { CreateQueueCommand } = await sdk();
      const Attributes = {
        MaximumMessageSize: String(MOST_BYTES),
        MessageRetentionPeriod: String(RETENTION_S),
        VisibilityTimeout: String(VISIBILITY_MS / 1000),
        SqsManagedSseEnabled: "true",
        ...(arnPrefix === undefined ? {} : { Policy: tlsOnly(`${arnPrefix}${run}`) }),
      };
      const made = await again(`make the queue ${QueueName}`, `sqs:CreateQueue on the queue ${QueueName}`, async () =>
        (await clients.sqs()).send(new CreateQueueCommand({ QueueName, Attributes })),
      );
      if (made.QueueUrl !== undefined) return made.QueueUrl;
      throw new StoreFaultError(`SQS made the queue ${QueueName}, and did not say where.`, { retryable: true });
    },

    async remove(url) {
      const { DeleteQueueCommand } = await sdk();
      await again(`delete the queue ${url}`, `sqs:DeleteQueue on the queue ${nameIn(url)}`, async () => {
        try {
          await (await clients.sqs()).send(new DeleteQueueCommand({ QueueUrl: url }));
        } catch (thrown) {
          if (!isNoQueue(thrown)) throw thrown;
        }
      });
    },

    async send(url, bodies) {
      const { SendMessageBatchCommand } = await sdk();
      for (const group of grouped(bodies)) {
        let left = group.map((MessageBody, i) => ({ Id: String(i), MessageBody }));
        await again(`send to the queue ${url}`, `sqs:SendMessage on the queue ${nameIn(url)}`, async () => {
          const client = await clients.sqs();
          const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: left }));
          left = left.filter(({ Id }) => Failed.some((failed) => failed.Id === Id));
          if (left.length > 0) throw refused(url, Failed);
        });
      }
    },

    async receive(url, waitMs) {
      const { ReceiveMessageCommand } = await sdk();
      const { Messages = [] } = await again(
        `receive from the queue ${url}`,
        `sqs:ReceiveMessage on the queue ${nameIn(url)}`,
        async () =>
          (await clients.sqs()).send(
            new ReceiveMessageCommand({
              QueueUrl: url,
              MaxNumberOfMessages: AT_ONCE,
              WaitTimeSeconds: Math.min(LONGEST_WAIT_S, Math.ceil(waitMs / 1000)),
            }),
          ),
      );
      return Messages.map(({ Body = "", ReceiptHandle = "" }): Message => ({ body: Body, receipt: ReceiptHandle }));
    },

    async delete(url, messages) {
      const { DeleteMessageBatchCommand } = await sdk();
      for (let first = 0; first < messages.length; first += AT_ONCE) {
        const some = messages.slice(first, first + AT_ONCE);
        let Entries = some.map(({ receipt }, i) => ({ Id: String(i), ReceiptHandle: receipt }));
        await again(`delete from the queue ${url}`, `sqs:DeleteMessage on the queue ${nameIn(url)}`, async () => {
          const client = await clients.sqs();
          const { Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
          // A receipt that is out of date belongs to a message that will come again.
          const again = Failed.filter(({ SenderFault }) => SenderFault !== true);
          Entries = Entries.filter(({ Id }) => again.some((failed) => failed.Id === Id));
          if (Entries.length > 0) throw refused(url, again);
        });
      }
    },
  };
}

function nameIn(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

function tlsOnly(Resource: string): string {
  const Condition = { Bool: { "aws:SecureTransport": "false" } };
  const Statement = [{ Sid: "TlsOnly", Effect: "Deny", Principal: "*", Action: "sqs:*", Resource, Condition }];
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

/** As many as go into one request. */
function* grouped(bodies: readonly string[]): Generator<readonly string[]> {
  let group: string[] = [];
  let bytes = 0;
  for (const body of bodies) {
    const size = Buffer.byteLength(body);
    if (group.length === AT_ONCE || (group.length > 0 && bytes + size > MOST_BYTES)) {
      yield group;
      [group, bytes] = [[], 0];
    }
    group.push(body);
    bytes += size;
  }
  if (group.length > 0) yield group;
}

/** Passes, unless what was sent is at fault. */
function refused(
  url: string,
  failed: readonly {
    readonly Code?: string | undefined;
    readonly Message?: string | undefined;
    readonly SenderFault?: boolean | undefined;
  }[],
): StoreFaultError {
  const [{ Code = "unknown", Message = "" }] = failed;
  return new StoreFaultError(`The queue ${url} refused ${failed.length} messages: ${Code} ${Message}`, {
    fields: { url, code: Code },
    retryable: !failed.some(({ SenderFault }) => SenderFault === true),
  });
}
