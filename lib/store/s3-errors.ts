import {
  AbanicoError,
  ConflictError,
  NotFoundError,
  SourceChangedError,
  StoreFaultError,
  UnreadableError,
} from "../errors.ts";
import { cancelled } from "./abort.ts";
import { deniedBy, functionName } from "./denied.ts";
import { splitUrl } from "./urls.ts";

/** What an error of the SDK, of Node's sockets, or of a stream says about itself. */
interface Facts {
  readonly name: string;
  readonly message: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** Of a socket error, such as `ECONNRESET`. */
  readonly code: string;
  /** The bucket's true region, which S3 tells when asked in another. */
  readonly region: string | undefined;
}

const throttles = ["SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestTimeout"];
const resets = [
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
];
const timeouts = ["TimeoutError", "RequestTimeTooSkewed", "IncompleteBody", "InternalError", "ServiceUnavailable"];
const credentials = [
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidToken",
  "TokenRefreshRequired",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
];

/** The tagged error for what a request about `url` threw. */
export function s3Error(thrown: unknown, url: string, doing: string, signal?: AbortSignal): AbanicoError {
  if (thrown instanceof AbanicoError) return thrown;
  if (signal?.aborted === true) return cancelled(signal);
  const facts = factsOf(thrown);
  const { name, status } = facts;
  const { name: bucket } = splitUrl(url);
  const fields = { url, bucket, status, error: name };
  const init = { fields, cause: thrown };

  if (name === "NoSuchBucket") {
    return new NotFoundError(`there is no bucket ${bucket}`, {
      ...init,
      fix: "correct the bucket's name, or create it",
    });
  }
  if (name === "NoSuchUpload") {
    return new StoreFaultError(`the upload of ${url} was ended from elsewhere`, { ...init, fix: "write it again" });
  }
  if (status === 404 || name === "NoSuchKey" || name === "NotFound") {
    return new NotFoundError(`there is no object ${url}`, { ...init, fix: "correct the key" });
  }
  if (status === 412 || name === "PreconditionFailed") return preconditionError(url, doing, init);
  if (isPassing(facts)) {
    return new StoreFaultError(`S3 could not ${doing} ${url} now: ${name} (${status || facts.code || facts.message})`, {
      ...init,
      fix: "try again later; when this goes on, use fewer workers or spread the keys over more prefixes",
      retryable: true,
    });
  }
  return unreadable(facts, url, doing, init);
}

function preconditionError(
  url: string,
  doing: string,
  init: { fields: { url: string }; cause: unknown },
): AbanicoError {
  if (doing === "write") return new ConflictError(`${url} is there already`, init);
  return new SourceChangedError(`${url} was changed since the plan was made`, {
    ...init,
    fix: "run again when nothing writes to the object",
  });
}

/** 409 too: two conditional writes met, and this one may be tried again. */
function isPassing({ name, status, code, message }: Facts): boolean {
  if (status === 409 || status === 429 || status >= 500) return true;
  if (throttles.includes(name) || timeouts.includes(name) || resets.includes(code)) return true;
  return /socket hang up|aborted|network|timed? ?out/i.test(message) && status === 0;
}

function unreadable(
  facts: Facts,
  url: string,
  doing: string,
  init: { fields: { url: string; bucket: string }; cause: unknown },
): UnreadableError {
  const { name, status, region, message } = facts;
  if (status === 301 || name === "PermanentRedirect" || name === "AuthorizationHeaderMalformed") {
    const where = region === undefined ? "another region" : `region ${region}`;
    return new UnreadableError(`bucket ${init.fields.bucket} is in ${where}`, {
      ...init,
      fix:
        functionName() === undefined
          ? `set the region: AWS_REGION=${region ?? "<the bucket's region>"}, or { s3: { region } }`
          : `copy the data into a bucket of the stack's region (${process.env["AWS_REGION"] ?? "?"}), or deploy a stack in ${where}`,
    });
  }
  if (credentials.includes(name) || /credential|token.*expired/i.test(message)) {
    const expired = /expired/i.test(`${name} ${message}`);
    const what = expired ? "the AWS credentials have expired" : "there are no valid AWS credentials";
    return new UnreadableError(`${what} to ${doing} ${url}: ${message}`, {
      ...init,
      fix: "log in (aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    });
  }
  if (/region is missing/i.test(message)) {
    return new UnreadableError(`no AWS region is set to ${doing} ${url}`, {
      ...init,
      fix: "set AWS_REGION, or { s3: { region } }",
    });
  }
  if (status === 403) {
    const { key } = splitUrl(url);
    const arn = `arn:aws:s3:::${init.fields.bucket}${doing === "list" ? "" : `/${key}`}`;
    const { action, resource, fix } = deniedBy(message, actions[doing] ?? "s3:*", arn);
    const said = message === "" || message === "UnknownError" ? "" : `: ${message}`;
    const missing = doing === "read" ? " (S3 says so of a missing key too, to who may not s3:ListBucket)" : "";
    return new UnreadableError(`not allowed to ${doing} ${url}${said}`, {
      ...init,
      fields: { ...init.fields, action, resource },
      fix: `${fix}${missing}`,
    });
  }
  // The answer to a HEAD has no body, and says no more than its status.
  if (status === 400 && message === "UnknownError") {
    return new UnreadableError(`S3 refused to ${doing} ${url}, and did not say why (400)`, {
      ...init,
      fix: "see whether the AWS credentials have expired (aws sts get-caller-identity), and whether the bucket is in this region",
    });
  }
  return new UnreadableError(`S3 could not ${doing} ${url}: ${name}: ${message}`, init);
}

const actions: { readonly [doing: string]: string } = {
  read: "s3:GetObject",
  write: "s3:PutObject",
  list: "s3:ListBucket",
  delete: "s3:DeleteObject",
};

function factsOf(thrown: unknown): Facts {
  if (!(thrown instanceof Error))
    return { name: "Error", message: String(thrown), status: 0, code: "", region: undefined };
  const metadata = property(thrown, "$metadata");
  const headers = property(property(thrown, "$response"), "headers");
  const status = property(metadata, "httpStatusCode");
  const code = property(thrown, "code");
  const region = property(headers, "x-amz-bucket-region") ?? property(thrown, "Region");
  return {
    name: thrown.name,
    message: thrown.message,
    status: typeof status === "number" ? status : 0,
    code: typeof code === "string" ? code : "",
    region: typeof region === "string" ? region : undefined,
  };
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
