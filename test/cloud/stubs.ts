/** Functions as small as they can be, for what the emulator itself has to show. They run as they are in its threads. */
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

interface WorkEvent {
  readonly run: string;
  readonly queue: string;
  readonly batch: { readonly first: number };
  /** `first` of the batch that throws. */
  readonly bad?: number;
}

export async function work({ queue, batch, bad }: WorkEvent): Promise<object> {
  if (batch.first === bad) throw new TypeError(`batch ${batch.first} is bad`);
  const sqs = new SQSClient({});
  await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: String(batch.first) }));
  return { first: batch.first };
}

interface CollectEvent {
  readonly queue: string;
  readonly batches: number;
  readonly seen?: readonly string[];
}

/** Sees a few messages, then asks to be called again. */
export async function collect(event: CollectEvent): Promise<object> {
  const sqs = new SQSClient({});
  const seen = new Set(event.seen);
  const asked = { QueueUrl: event.queue, MaxNumberOfMessages: 3, WaitTimeSeconds: 1 };
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(asked));
  for (const { Body = "" } of Messages) seen.add(Body);
  const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
  if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: event.queue, Entries }));
  return { ...event, seen: [...seen].sort(), done: seen.size === event.batches };
}

export const echo = async (event: unknown): Promise<unknown> => event;

export async function misbehave({ how, ms }: { readonly how: string; readonly ms?: number }): Promise<unknown> {
  if (how === "exit") process.exit(1);
  if (how === "wait") await new Promise((resolve) => setTimeout(resolve, ms));
  if (how === "print") console.log("a line of the log");
  return { how, pid: process.env["AWS_ACCESS_KEY_ID"] };
}
