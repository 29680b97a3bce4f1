import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  ObjectOwnership,
  type IBucket,
} from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { AbanicoProps } from "./props.ts";

/** The bucket: private, encrypted, by TLS only. What runs leave goes after a while. */
export function makeBucket(scope: Construct, props: AbanicoProps): IBucket {
  const bucket = new Bucket(scope, "Bucket", {
    encryption: props.key === undefined ? BucketEncryption.S3_MANAGED : BucketEncryption.KMS,
    ...(props.key === undefined ? {} : { encryptionKey: props.key, bucketKeyEnabled: true }),
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    lifecycleRules: [
      { id: "runs", prefix: "runs/", expiration: props.runRetention ?? Duration.days(7) },
      { id: "uploads", abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
  });
  const resource = bucket.node.defaultChild;
  if (!(resource instanceof CfnBucket)) throw new Error("A bucket of CDK has an AWS::S3::Bucket.");
  // Bucket's own eventBridgeEnabled does it by a custom resource: one more function, with rights to all buckets.
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  Validations.of(bucket).acknowledge({
    id: "AwsSolutions-S1",
    reason:
      "Access logs need a second bucket, which costs; who wants them passes a bucket of their own. CloudTrail can record the same.",
  });
  // It says so itself, but for a property that it has as undefined, where IBucket does without.
  return bucket as IBucket;
}

export interface Queues {
  /** Tells how runs ended, where they ask for it: for you to read. */
  readonly results: Queue;
  /** Results that nobody could deal with, five times. */
  readonly resultsDeadLetters: Queue;
  /** Events and calls that could not start anything. */
  readonly deadLetters: Queue;
}

/** Encrypted, by TLS only. Messages stay for 14 days. */
export function makeQueues(scope: Construct, key: IKey | undefined): Queues {
  const managed = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) };
  const keyed = key === undefined ? managed : { ...managed, encryption: QueueEncryption.KMS, encryptionMasterKey: key };
  const resultsDeadLetters = new Queue(scope, "ResultsDeadLetters", keyed);
  const results = new Queue(scope, "Results", {
    ...keyed,
    deadLetterQueue: { queue: resultsDeadLetters, maxReceiveCount: 5 },
  });
  // EventBridge writes here, which a key of one's own would have to allow: events name objects, and hold none of their data.
  const deadLetters = new Queue(scope, "DeadLetters", managed);
  Validations.of(deadLetters).acknowledge({
    id: "AwsSolutions-SQS3",
    reason: "It is a dead-letter queue: of EventBridge and of a function, which the rule does not look at.",
  });
  return { results, resultsDeadLetters, deadLetters };
}
