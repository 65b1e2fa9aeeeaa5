import { GantryError } from "../../base/index.ts";

// The migration's table of errors: one function a code. `Store.HalfMigrated` is in etcd/etcd-errors.ts.

export const notEmpty = (name: string, prefix: string, keyCount: number) =>
  new GantryError("AlreadyExists", `there is a store in ${name} already: ${keyCount} keys`, {
    code: "Store.NotEmpty",
    hint: `Name another prefix, or, if nobody needs them, remove them with: etcdctl del --prefix '${prefix}'`,
    details: { prefix, keyCount },
  });

export const sameStore = (name: string) =>
  new GantryError("InvalidArgument", `the store is in ${name}, or in a part of it, already`, {
    code: "Store.SameStore",
    hint: "Name another place, or another prefix that does not begin with the first one's.",
  });

export const noStore = (dir: string) =>
  new GantryError("NotFound", `there is no store in ${dir}`, {
    code: "Store.NotFound",
    hint: "Name the instance's home with --home.",
    details: { dir },
  });

export const sourceDamaged = (name: string, problem: string) =>
  new GantryError("DataLoss", `the store in ${name} is damaged: ${problem}`, {
    code: "Store.Corrupt",
    hint: "'gantry store check' tells all; nothing was moved.",
  });

export const sourceChanged = (name: string) =>
  new GantryError("Conflict", `the store in ${name} was written to while it was copied`, {
    code: "Store.SourceChanged",
    hint: "Stop every program that uses it, then run the migration again; nothing was switched.",
  });

export const targetDiffers = (name: string, expected: string, found: string) =>
  new GantryError(
    "DataLoss",
    `what arrived in ${name} is not what was sent: ${found} instead of ${expected}`,
    {
      code: "Store.MigrationDiffers",
      hint: "Look at the health of disk and etcd, then run the migration again; nothing was switched.",
      details: { expected, found },
    },
  );

export const overtaken = (name: string) =>
  new GantryError("Conflict", `another migration to ${name} is under way, or it was removed meanwhile`, {
    code: "Store.MigrationOvertaken",
    hint: "Let one of them end; nothing was switched.",
  });

export const leaseRanOut = (name: string, cause: unknown) =>
  new GantryError("Unavailable", `a lease ran out while the store was copied to ${name}`, {
    code: "Store.LeaseRanOut",
    hint: "Run the migration again when etcd answers quickly; nothing was switched.",
    cause,
  });

export const noPrefix = () =>
  new GantryError(
    "InvalidArgument",
    "a store can be moved only to a prefix of etcd's keys, not to all of them",
    {
      code: "Store.BadAddress",
      hint: "Name a prefix, as in etcd://HOST:PORT/PREFIX.",
    },
  );

export const itemTooLarge = (key: string, sizeBytes: number, cause: unknown) =>
  new GantryError("InvalidArgument", `the value of ${key} has ${sizeBytes} bytes, more than etcd takes`, {
    code: "Store.ValueTooLarge",
    hint: "Raise etcd's --max-request-bytes or remove the object, then run the migration again; nothing was switched.",
    details: { key, sizeBytes },
    cause,
  });
