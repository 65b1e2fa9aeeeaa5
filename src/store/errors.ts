import { errorMessage, GantryError } from "../base/index.ts";

// The module's table of errors: one function a code.

export const compacted = (revision: number, compactRevision: number) =>
  new GantryError("Gone", `revision ${revision} is older than the last compaction (${compactRevision})`, {
    code: "Store.Compacted",
    details: { revision, compactRevision },
  });

export const futureRevision = (revision: number, current: number) =>
  new GantryError("InvalidArgument", `revision ${revision} is newer than the current one (${current})`, {
    code: "Store.FutureRevision",
    details: { revision, current },
  });

export const keyTooLarge = (sizeBytes: number, limitBytes: number) =>
  new GantryError("InvalidArgument", `a key must have 1 to ${limitBytes} bytes, this one has ${sizeBytes}`, {
    code: "Store.KeyTooLarge",
    details: { sizeBytes, limitBytes },
  });

export const valueTooLarge = (key: string, sizeBytes: number, limitBytes: number) =>
  new GantryError(
    "InvalidArgument",
    `the value of ${key} has ${sizeBytes} bytes, more than the limit of ${limitBytes}`,
    {
      code: "Store.ValueTooLarge",
      details: { key, sizeBytes, limitBytes },
    },
  );

export const duplicateKey = (key: string) =>
  new GantryError("InvalidArgument", `one transaction writes ${key} twice`, {
    code: "Store.DuplicateKey",
    details: { key },
  });

export const leaseNotFound = (id: number) =>
  new GantryError("NotFound", `lease ${id} does not exist or has expired`, {
    code: "Store.LeaseNotFound",
    details: { id },
  });

export const noSpace = (cause: unknown) =>
  new GantryError("ResourceExhausted", "the store's disk is full; nothing was written", {
    code: "Store.NoSpace",
    hint: "Free some space on the disk; the store accepts writes again by itself.",
    cause,
  });

export const readOnly = (cause: unknown) =>
  new GantryError("DataLoss", "the store met a disk error and takes no more writes", {
    code: "Store.ReadOnly",
    hint: "Look at the disk's health (dmesg), then start again; what was acknowledged is kept.",
    cause,
  });

export const corrupt = (message: string, details: Record<string, unknown>, cause?: unknown) =>
  new GantryError("DataLoss", message, {
    code: "Store.Corrupt",
    hint: "Restore the store from a backup.",
    details,
    cause,
  });

export const badCopy = (dir: string) =>
  new GantryError("DataLoss", `a copy of the store in ${dir} differs from it, and was thrown away`, {
    code: "Store.BadCopy",
    hint: "Look whether the store is sound with 'gantry store check', and at the disk's health (dmesg).",
    details: { dir },
  });

/** Of work that left everything as it was. */
export const maintenanceFailed = (what: string, cause: unknown) =>
  new GantryError("Unavailable", `${what} failed, and the store is as it was: ${errorMessage(cause)}`, {
    code: "Store.MaintenanceFailed",
    cause,
  });

export const closed = () => new GantryError("Unavailable", "the store is closed", { code: "Store.Closed" });

/** LMDB serves no reads after it could not write its first page, until it is opened anew. */
export const notReadable = (cause?: unknown) =>
  new GantryError("Unavailable", "the store is being opened anew after a failed write", {
    code: "Store.Unavailable",
    hint: "Try again in a moment.",
    cause,
  });

export const locked = (dir: string) =>
  new GantryError("Unavailable", `the store in ${dir} is in use by another process`, {
    code: "Store.Locked",
    hint: "Stop the other instance, or use another home directory.",
    details: { dir },
  });

export const newerFormat = (dir: string, found: number, known: number) =>
  new GantryError(
    "InvalidArgument",
    `the store in ${dir} has format ${found}, and this version reads formats up to ${known}`,
    {
      code: "Store.NewerFormat",
      hint: "Start the newer version that wrote it, or restore a backup made with this version.",
      details: { dir, found, known },
    },
  );

export const slowWatcher = (key: string, waitingBytes: number) =>
  new GantryError(
    "ResourceExhausted",
    `the watcher of ${key} is too slow: ${waitingBytes} bytes wait for it`,
    {
      code: "Store.SlowWatcher",
      details: { key, waitingBytes },
    },
  );

export const tooOld = (revision: number, oldest: number) =>
  new GantryError("Gone", `too old resource version: ${revision} (${oldest})`, {
    code: "Store.TooOld",
    details: { revision, oldest },
  });

export const missedEvent = (key: string, revision: number, follows: number, known: number) =>
  new GantryError(
    "Gone",
    `the change of ${key} at revision ${revision} follows its state of ${follows}, known is that of ${known}`,
    { code: "Store.MissedEvent", details: { key, revision, follows, known } },
  );

export const cacheClosed = () =>
  new GantryError("Unavailable", "the watch cache is closed", { code: "Store.CacheClosed" });
