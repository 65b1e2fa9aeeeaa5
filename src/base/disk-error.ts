import { errnoCode, GantryError } from "./errors.ts";

const WORDS: Record<
  string,
  { kind: "ResourceExhausted" | "DataLoss"; code: string; words: string; hint: string }
> = {
  ENOSPC: {
    kind: "ResourceExhausted",
    code: "Disk.NoSpace",
    words: "no space left on device",
    hint: "free some disk space, for instance with `docker system prune`",
  },
  EDQUOT: {
    kind: "ResourceExhausted",
    code: "Disk.NoSpace",
    words: "disk quota exceeded",
    hint: "free some disk space, for instance with `docker system prune`, or raise the quota",
  },
  EROFS: {
    kind: "DataLoss",
    code: "Disk.ReadOnly",
    words: "read-only file system",
    hint: "the kernel makes a file system read-only when its disk fails: see dmesg, then check and remount it",
  },
  EIO: {
    kind: "DataLoss",
    code: "Disk.IoError",
    words: "input/output error",
    hint: "the disk fails: see dmesg",
  },
  EMFILE: {
    kind: "ResourceExhausted",
    code: "Disk.TooManyFiles",
    words: "too many open files",
    hint: "raise the limit of open files (ulimit -n) and start again",
  },
  ENFILE: {
    kind: "ResourceExhausted",
    code: "Disk.TooManyFiles",
    words: "too many open files in system",
    hint: "raise the kernel's fs.file-max",
  },
};

/**
 * A failure of the disk, or of the means to reach it, in words and with what to do: `<operation>: no space left on device`. Undefined
 * for anything else. The code is `Disk.…`.
 */
export function diskError(error: unknown, operation?: string): GantryError | undefined {
  if (isDiskError(error)) return error as GantryError;
  // A system call of our own names it in its details.
  const errno = error instanceof GantryError ? error.details?.errno : errnoCode(error);
  const found = WORDS[String(errno)];
  if (!found) return undefined;
  const what = operation ?? operationOf(error as Error);
  const message = what === "" ? found.words : `${what}: ${found.words}`;
  return new GantryError(found.kind, message, { code: found.code, hint: found.hint, cause: error });
}

function operationOf(error: Error): string {
  if (error instanceof GantryError) return error.message.replace(/: E[A-Z0-9]+$/, "");
  const { syscall, path } = error as NodeJS.ErrnoException;
  return [syscall, path].filter(Boolean).join(" ");
}

/** For an edge that has no field for the hint. */
export function withHint({ message, hint }: GantryError): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}

/** What `diskError` has made. */
export function isDiskError(error: unknown): error is GantryError {
  return error instanceof GantryError && error.code.startsWith("Disk.");
}
