import { AbanicoError, NotFoundError, StoreFaultError, UnreadableError } from "../../errors.ts";
import { deniedBy, functionName } from "../../store/denied.ts";

/** What errors of the AWS SDK mean for who called, and what there is to do. */

const EXPIRED = ["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"];
const NO_CREDENTIALS = [
  "CredentialsProviderError",
  "InvalidClientTokenId",
  "InvalidAccessKeyId",
  "InvalidToken",
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "IncompleteSignature",
  "MissingAuthenticationToken",
];
/** Services put their own names, or those of keys, before some. */
const DENIED =
  /(^|\.)((KMS|Kms)?AccessDenied(Exception)?|UnauthorizedOperation|NotAuthorized(Exception)?|Forbidden|AuthorizationError)$/;
const THROTTLED = [
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "RequestLimitExceeded",
  "EC2ThrottledException",
  "ProvisionedThroughputExceededException",
  "SlowDown",
  "RequestThrottled",
  "RequestThrottledException",
  "ThrottledException",
  "KmsThrottled",
  "PriorRequestNotComplete",
  "BandwidthLimitExceeded",
];
/** SQS puts its own name before some. Most messages that were received and not deleted; a queue of the same name that was deleted within the last minute; functions that are being updated. */
const SOON =
  /(^|\.)(OverLimit|QueueDeletedRecently|ExecutionLimitExceeded|ResourceNotReadyException|ResourceConflictException)$/;
const SOCKETS = ["ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH"];

/**
 * The tagged error for what a request threw. `doing`: as "describe the stack Abanico in eu-west-1"; `permission`: what it takes, as "sqs:SendMessage on the
 * queue stack-run-1".
 */
export function awsError(thrown: unknown, doing: string, permission: string): AbanicoError {
  if (thrown instanceof AbanicoError) return thrown;
  const name = nameOf(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const [action, resource = "*"] = permission.split(" on ");
  const init = { fields: { error: name, action, resource }, cause: thrown };
  if (EXPIRED.includes(name) || /token (included in the request )?is expired|token.*expired/i.test(message))
    return new UnreadableError(`The AWS credentials have expired: cannot ${doing}.`, {
      ...init,
      fix: "log in again (aws sso login, or get a new session), then run it again.",
    });
  if (NO_CREDENTIALS.includes(name) || /could not load credentials|security token.*invalid/i.test(message))
    return new UnreadableError(`There are no valid AWS credentials to ${doing}: ${message}`, {
      ...init,
      fix: "log in (aws sso login), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    });
  if (DENIED.test(name)) {
    const { fix, ...denied } = deniedBy(message, action, resource);
    const fields = { error: name, ...denied };
    const own = functionName();
    const who = own === undefined ? "These AWS credentials" : `The role of the function ${own}`;
    return new UnreadableError(`${who} may not ${doing}: ${message}`, { fields, cause: thrown, fix });
  }
  if (/region is missing/i.test(message))
    return new UnreadableError(`There is no AWS region to ${doing}.`, { ...init, fix: "set AWS_REGION." });
  if (isThrottle(thrown) || isPassing(thrown))
    return new StoreFaultError(`AWS could not ${doing} now: ${name}: ${message}`, {
      ...init,
      fix: "try again in a while.",
      retryable: true,
    });
  if (/NotFound|DoesNotExist|NonExistent/.test(name))
    return new NotFoundError(`AWS cannot ${doing}: ${message}`, {
      ...init,
      fix: "it was removed, or belongs to another stack or region; see npx abanico doctor.",
    });
  return new UnreadableError(`AWS did not ${doing}: ${name}: ${message}`, {
    ...init,
    fix: "see the cause; npx abanico doctor tells what of the stack is in order.",
  });
}

export function isThrottle(thrown: unknown): boolean {
  const name = nameOf(thrown);
  return THROTTLED.includes(name.slice(name.lastIndexOf(".") + 1)) || statusOf(thrown) === 429;
}

/** 5xx, connections that broke, and states that pass by themselves. */
export function isPassing(thrown: unknown): boolean {
  const code: unknown = property(thrown, "code");
  return (
    statusOf(thrown) >= 500 ||
    SOON.test(nameOf(thrown)) ||
    (typeof code === "string" && SOCKETS.includes(code)) ||
    (statusOf(thrown) === 0 && /TimeoutError|socket hang up/.test(`${nameOf(thrown)} ${String(thrown)}`))
  );
}

/** SQS has two names for a queue that is not there. */
export function isNoQueue(thrown: unknown): boolean {
  return /NonExistentQueue|QueueDoesNotExist/.test(nameOf(thrown));
}

export function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : "Error";
}

function statusOf(thrown: unknown): number {
  const status: unknown = property(property(thrown, "$metadata"), "httpStatusCode");
  return typeof status === "number" ? status : 0;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
