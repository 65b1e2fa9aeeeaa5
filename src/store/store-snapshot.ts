import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { GantryError, syncDirectory } from "../base/index.ts";
import { lockDirectory } from "./directory-lock.ts";
import type { SnapshotInfo } from "./types.ts";

// A snapshot file is a store's data file followed by a trailer: 8 bytes that name the format, and the SHA-256 of all before.
const FORMAT = Buffer.from("GNTRYSN1");
const DIGEST_BYTES = 32;
const TRAILER_BYTES = FORMAT.length + DIGEST_BYTES;
const DATA_FILE = "data.mdb";

/**
 * Writes a snapshot; `copyInto` puts a data file into a directory. The file appears under its name only when it is whole and durable.
 * Throws AlreadyExists (`Store.SnapshotExists`) instead of replacing one.
 */
export async function writeSnapshot(
  file: string,
  revision: number,
  copyInto: (dir: string) => Promise<void>,
): Promise<SnapshotInfo> {
  if (existsSync(file)) throw snapshotExists(file);
  const work = mkdtempSync(join(dirname(file), `.${basename(file)}-`));
  try {
    await copyInto(work);
    const path = join(work, DATA_FILE);
    const digest = await digestOf(path, undefined);
    const handle = await open(path, "a");
    try {
      await handle.appendFile(Buffer.concat([FORMAT, digest]));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(path, file);
    await syncDirectory(dirname(file));
    return { file, revision, sizeBytes: (await stat(file)).size, sha256: digest.toString("hex") };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Makes a store's directory from a snapshot. A store that is already there is moved aside and its new place returned. Throws
 * InvalidArgument (`Store.NoSnapshot`) for a file that is none, DataLoss (`Store.DamagedSnapshot`), Unavailable
 * (`Store.Locked`) when a process has the store open.
 */
export async function restoreSnapshot(
  file: string,
  dir: string,
  nowMs: number,
): Promise<{ movedTo: string | undefined }> {
  const dataBytes = await verifySnapshot(file);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(dir);
  const target = join(dir, DATA_FILE);
  const part = `${target}.restoring`;
  try {
    await pipeline(
      createReadStream(file, { end: dataBytes - 1 }),
      createWriteStream(part, { mode: 0o600, flush: true }),
    );
    const stamp = new Date(nowMs).toISOString().replace(/[:.]/g, "-");
    const movedTo = existsSync(target) ? join(dir, `data-before-restore-${stamp}.mdb`) : undefined;
    if (movedTo) await rename(target, movedTo);
    // LMDB makes its table of readers anew.
    await rm(join(dir, "lock.mdb"), { force: true });
    await rename(part, target);
    await syncDirectory(dir);
    return { movedTo };
  } finally {
    await rm(part, { force: true });
    unlock();
  }
}

/** Returns how many bytes of the file are the store's. */
async function verifySnapshot(file: string): Promise<number> {
  const { size } = await stat(file).catch((error) => {
    throw new GantryError("NotFound", `there is no snapshot ${file}`, {
      code: "Store.NoSnapshot",
      cause: error,
    });
  });
  const trailer = Buffer.alloc(TRAILER_BYTES);
  const dataBytes = size - TRAILER_BYTES;
  if (dataBytes > 0) {
    const handle = await open(file);
    await handle.read(trailer, 0, TRAILER_BYTES, dataBytes).finally(() => handle.close());
  }
  if (!trailer.subarray(0, FORMAT.length).equals(FORMAT)) {
    throw new GantryError("InvalidArgument", `${file} is no snapshot of a store, or is cut short`, {
      code: "Store.NoSnapshot",
      hint: "Name a file that 'gantry store snapshot' has written.",
    });
  }
  const digest = await digestOf(file, dataBytes - 1);
  if (!digest.equals(trailer.subarray(FORMAT.length))) {
    throw new GantryError(
      "DataLoss",
      `the snapshot ${file} is damaged: its digest is not the one that it was written with`,
      {
        code: "Store.DamagedSnapshot",
        hint: "Use another snapshot.",
      },
    );
  }
  return dataBytes;
}

async function digestOf(file: string, lastByte: number | undefined): Promise<Buffer> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, lastByte === undefined ? {} : { end: lastByte }), hash);
  return hash.digest();
}

const snapshotExists = (file: string) =>
  new GantryError("AlreadyExists", `${file} exists already`, {
    code: "Store.SnapshotExists",
    hint: "Name a file that does not exist; nothing was replaced.",
  });
