/** What AWS says in full where it refuses: `User: … is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" because …`. */
const SAID = /is not authorized to perform: ([\w-]+:\w+)(?: on resource: "?([^"\s]+?)"?(?=\s|$|\.\s))?/;

/** A refusal by permissions, understood. */
export interface Denied {
  /** As "s3:GetObject". */
  readonly action: string;
  /** What it was to be done to: an ARN, or a name. */
  readonly resource: string;
  readonly fix: string;
}

/**
 * Which action on which resource was refused, and what to do. What AWS says itself counts most: it may be about a key (`kms:Decrypt`), which nobody asked for.
 * `action`, `resource`: what the request takes.
 */
export function deniedBy(message: string, action: string, resource: string): Denied {
  const [, said, on] = SAID.exec(message) ?? [];
  const denied = { action: said ?? action, resource: on ?? (said === undefined ? resource : "the resource it names") };
  return { ...denied, fix: fixOf(denied) };
}

function fixOf({ action, resource }: Omit<Denied, "fix">): string {
  const inFunction = functionName();
  if (inFunction === undefined)
    return `allow the identity of these credentials ${action} on ${resource}, or use another (AWS_PROFILE).`;
  const allow = `allow the role of the function ${inFunction} ${action} on ${resource}`;
  if (!action.startsWith("s3:")) return `${allow}; if it had that when it was deployed, deploy the stack again.`;
  return `${allow}: of buckets to read, deploy with -c sources=BUCKET; of places to write to, with -c outputPrefixes=PREFIX/.`;
}

/** Of the function of a stack that this runs in. */
export function functionName(): string | undefined {
  return process.env["AWS_LAMBDA_FUNCTION_NAME"];
}
