import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { GantryError } from "../../base/index.ts";

// A snapshot file is a store's data file followed by a trailer: 8 bytes that name the format, and the SHA-256 of all before.
const FORMAT = Buffer.from("GNTRYSN1");
const DIGEST_BYTES = 32;
const TRAILER_BYTES = FORMAT.length + DIGEST_BYTES;

/** Makes a snapshot file of a data file, and makes it durable. Returns the SHA-256 of the data. */
export async function sealSnapshot(path: string): Promise<Buffer> {
  const digest = await digestOf(path, undefined);
  const handle = await open(path, "a");
  try {
    await handle.appendFile(Buffer.concat([FORMAT, digest]));
    await handle.sync();
  } finally {
    await handle.close();
  }
  return digest;
}

/**
 * Returns how many bytes of the file are the store's. Throws NotFound or InvalidArgument (`Store.NoSnapshot`) for a file that is
 * none, DataLoss (`Store.DamagedSnapshot`).
 */
export async function verifySnapshot(file: string): Promise<number> {
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
  if (!digest.equals(trailer.subarray(FORMAT.length)))
    throw damagedSnapshot(file, "its digest is not the one that it was written with");
  return dataBytes;
}

export function damagedSnapshot(file: string, why: string, cause?: unknown): GantryError {
  return new GantryError("DataLoss", `the snapshot ${file} is damaged: ${why}`, {
    code: "Store.DamagedSnapshot",
    hint: "Use another snapshot.",
    cause,
  });
}

async function digestOf(file: string, lastByte: number | undefined): Promise<Buffer> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, lastByte === undefined ? {} : { end: lastByte }), hash);
  return hash.digest();
}
