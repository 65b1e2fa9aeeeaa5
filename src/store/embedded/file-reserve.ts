import { closeSync, openSync } from "node:fs";
import koffi from "koffi";
import { noSpace } from "../errors.ts";

const KEEP_SIZE = 1;
const ENOSPC = 28;
const EDQUOT = 122;
const MIB = 2 ** 20;
/** Kept for commits that only remove: with a full disk it must be possible to delete and to compact. */
const RELIEF_BYTES = 8 * MIB;
const LARGEST_STEP_BYTES = 64 * MIB;
const PAGE_BYTES = 4096;
/** More pages than the change of one entry in each of the tables copies. */
const PAGES_PER_CHANGE = 8;
const FIXED_BYTES = 64 * PAGE_BYTES;

type Fallocate = (fd: number, mode: number, offset: number, length: number) => number;
let fallocate: Fallocate | undefined;

/**
 * Takes blocks of the disk for the data file before LMDB writes to it, so that a full disk is met here and not there: LMDB takes a
 * write that was cut short for a disk error, and its binding (3.5) writes beyond its own memory when a write fails. File systems
 * that cannot reserve are used without.
 */
export class FileReserve {
  readonly #fd: number;
  /** Bytes of the file that LMDB uses. */
  readonly #usedBytes: () => number;
  #reservedEnd = 0;
  /** What the commits since the last look at `usedBytes` may have taken at most. */
  #spentBytes = 0;
  #usedBefore: number;
  #isSupported = true;

  constructor(path: string, usedBytes: () => number) {
    this.#fd = openSync(path, "r+");
    this.#usedBytes = usedBytes;
    this.#usedBefore = usedBytes();
  }

  /** Throws `Store.NoSpace` when a commit of so many changes and bytes could meet the end of the disk. */
  ensure(commit: { changes: number; bytes: number; onlyRemoves: boolean }): void {
    if (!this.#isSupported) return;
    const copied = Math.min(commit.changes * PAGES_PER_CHANGE * PAGE_BYTES, this.#usedBefore);
    const wanted = FIXED_BYTES + copied + 2 * commit.bytes;
    if (this.#fits(wanted, commit.onlyRemoves)) return;
    this.#usedBefore = this.#usedBytes();
    this.#spentBytes = 0;
    if (this.#fits(wanted, commit.onlyRemoves)) return;
    const stepBytes = Math.min(LARGEST_STEP_BYTES, Math.max(RELIEF_BYTES, this.#usedBefore / 8));
    const error = this.#reserve(wanted + RELIEF_BYTES + stepBytes) && this.#reserve(wanted + RELIEF_BYTES);
    if (!error || !this.#isSupported || this.#fits(wanted, commit.onlyRemoves)) return;
    throw noSpace(error);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #fits(wanted: number, onlyRemoves: boolean): boolean {
    const left = this.#reservedEnd - this.#usedBefore - this.#spentBytes;
    const needed = onlyRemoves ? Math.min(wanted, RELIEF_BYTES / 2) : wanted + RELIEF_BYTES;
    if (left < needed) return false;
    this.#spentBytes += wanted;
    return true;
  }

  #reserve(bytes: number): Error | undefined {
    fallocate ??= koffi
      .load(null)
      .func("int fallocate(int fd, int mode, int64_t offset, int64_t length)") as unknown as Fallocate;
    const from = Math.floor(this.#usedBefore);
    if (fallocate(this.#fd, KEEP_SIZE, from, Math.ceil(bytes)) === 0) {
      this.#reservedEnd = from + bytes;
      return undefined;
    }
    const errno = koffi.errno();
    if (errno !== ENOSPC && errno !== EDQUOT) this.#isSupported = false;
    return Object.assign(new Error(`fallocate failed with errno ${errno}`), { errno });
  }
}
