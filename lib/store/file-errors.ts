import { AbanicoError, NotFoundError, OptionError, StoreFaultError, UnreadableError } from "../errors.ts";
import { filePath } from "./urls.ts";

/** The tagged error for what a call of node:fs threw. `doing` is a verb: "read", "write", "list", "delete". */
export function fileError(thrown: unknown, url: string, doing: string): AbanicoError {
  if (thrown instanceof AbanicoError) return thrown;
  const path = filePath(url);
  const code = errorCode(thrown);
  const init = { fields: { url, code: code ?? null }, cause: thrown };
  switch (code) {
    case "ENOTDIR":
      if (doing === "write")
        return new UnreadableError(`cannot write ${path}: what should be a folder on the way to it is a file`, {
          ...init,
          fix: "write to another place, or move that file away",
        });
      return new NotFoundError(`there is no file ${path}`, { ...init, fix: "correct the path" });
    case "ENOENT":
      return new NotFoundError(`there is no file ${path}`, { ...init, fix: "correct the path" });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new UnreadableError(`not allowed to ${doing} ${path} (${code})`, {
        ...init,
        fix: `give the user that runs this the permission: ls -l ${path}`,
      });
    case "EISDIR":
      return notAFile(url, "a folder", thrown);
    case "ELOOP":
      return new UnreadableError(`${path} is a symbolic link that leads in a circle`, {
        ...init,
        fix: "mend the link",
      });
    case "EMFILE":
    case "ENFILE":
    case "EAGAIN":
    case "EBUSY":
      return new StoreFaultError(`cannot ${doing} ${path} now (${code})`, {
        ...init,
        fix: "raise the limit of open files (ulimit -n), or use fewer workers",
        retryable: true,
      });
    case "ENOSPC":
    case "EDQUOT":
      return new StoreFaultError(`no space left to write ${path}`, { ...init, fix: "free some space on that disk" });
    case "ERR_INVALID_ARG_VALUE":
    case "ENAMETOOLONG":
      return new OptionError(`${path} cannot be the name of a file (${code})`, { ...init, fix: "use another name" });
    default:
      return new UnreadableError(`cannot ${doing} ${path} (${code ?? String(thrown)})`, init);
  }
}

/** The path is there but is no regular file. `fields.kind` says what it is. */
export function notAFile(url: string, kind: string, cause?: unknown): UnreadableError {
  const path = filePath(url).replace(/\/$/, "");
  return new UnreadableError(`${path} is ${kind}, expected a file`, {
    fields: { url, kind },
    fix: kind === "a folder" ? `name the files in it: ${path}/*.csv` : "name a regular file",
    cause,
  });
}

/** `ENOENT` and the like, where a thrown value has one. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}
