import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";

/** Where and as whom to speak S3: plain JSON. Whatever is absent comes from the environment, as for every AWS tool. */
export interface S3Options {
  /** Of an S3-compatible service. Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else AWS. */
  readonly endpoint?: string;
  readonly region?: string;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: true where an endpoint is set, which is what such services take. */
  readonly forcePathStyle?: boolean;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  readonly profile?: string;
}

/** Makes a client. It tries once: retries are `withRetry`'s, so that they are counted and bounded in one place. */
export async function makeS3Client(options: S3Options): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  return new S3Client(toConfig(options));
}

function toConfig(options: S3Options): S3ClientConfig {
  const { endpoint, region, profile, accessKeyId, secretAccessKey, sessionToken } = options;
  const custom = endpoint ?? process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"];
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined
      ? undefined
      : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return {
    maxAttempts: 1,
    forcePathStyle: options.forcePathStyle ?? custom !== undefined,
    // In milliseconds. `socketTimeout` is for silence, not for the whole answer: a large object may take long.
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}
