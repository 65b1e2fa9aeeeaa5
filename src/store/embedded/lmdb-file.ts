import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { corrupt } from "../errors.ts";

// Layout of LMDB's two meta pages (mdb.c, struct MDB_meta), as far as it is looked at here.
const MAGIC = 0xbeefc0de;
const META_PAGE_FLAG = 8;
const DATA_VERSION = 2;
const AT = { flags: 18, magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 } as const;
const META_BYTES = 160;
const DEFAULT_PAGE_BYTES = 4096;
const LAST_META_PAGE = 1n;

/** Pages at the very end that a transaction took and gave back are never written, so a file may be this much short. */
const UNWRITTEN_PAGES = 32;

interface Meta {
  pageBytes: number;
  lastPage: bigint;
  transaction: bigint;
}

/**
 * Refuses a file that is no LMDB file, or was cut short. LMDB maps the file into memory: touching what lies behind its end would
 * kill the process without a word, and for the same reason the few pages that may be missing are added. The binding does not
 * outlive a bad meta page either.
 */
export function checkFile(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    const foundBytes = fstatSync(fd).size;
    // A new store that was killed before its first page was written.
    if (foundBytes === 0) return;
    const first = readMeta(fd, 0);
    const second = readMeta(fd, first?.pageBytes ?? DEFAULT_PAGE_BYTES);
    if (!first || !second) throw damaged(path);
    const newest = second.transaction > first.transaction ? second : first;
    const wantedBytes = Number(newest.lastPage + 1n) * newest.pageBytes;
    if (wantedBytes - foundBytes > UNWRITTEN_PAGES * newest.pageBytes) {
      throw corrupt(`${path} was cut short: it has ${foundBytes} bytes of ${wantedBytes}`, {
        path,
        foundBytes,
        wantedBytes,
      });
    }
    if (!areOfOneFile(first, second)) throw damaged(path);
    if (foundBytes < wantedBytes) ftruncateSync(fd, wantedBytes);
  } finally {
    closeSync(fd);
  }
}

const damaged = (path: string) => corrupt(`${path} is damaged in its first pages, or is no store`, { path });

/**
 * Each commit writes the meta page that the one before did not, with the next number, even ones on the first page. Nothing else tells a
 * damaged number, with which LMDB would go back to the commit before the last. (A number that lost just 2 cannot be told from a commit
 * whose last write failed.)
 */
function areOfOneFile(first: Meta, second: Meta): boolean {
  const step = second.transaction - first.transaction;
  return isUnused(first) || (first.transaction % 2n === 0n && (step === 1n || step === -1n));
}

/** Of a new file, or of a copy, whose number is on the second page. */
function isUnused({ transaction, lastPage }: Meta): boolean {
  return transaction === 0n && lastPage === LAST_META_PAGE;
}

function readMeta(fd: number, offset: number): Meta | undefined {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(fd, bytes, 0, META_BYTES, offset) < META_BYTES) return undefined;
  const isMeta =
    (bytes.readUInt16LE(AT.flags) & META_PAGE_FLAG) !== 0 && bytes.readUInt32LE(AT.magic) === MAGIC;
  if (!isMeta || bytes.readUInt32LE(AT.version) !== DATA_VERSION) return undefined;
  return {
    pageBytes: bytes.readUInt32LE(AT.pageSize) || DEFAULT_PAGE_BYTES,
    lastPage: bytes.readBigUInt64LE(AT.lastPage),
    transaction: bytes.readBigUInt64LE(AT.transaction),
  };
}
