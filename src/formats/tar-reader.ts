import { textOfBytes } from "./byte-text.ts";
import {
  MAX_SPECIAL_BYTES,
  malformed,
  TAR_BLOCK_BYTES,
  type TarEntry,
  type TarEntryType,
  tarEntry,
  tarPaddingBytes,
  truncated,
  unsupported,
} from "./tar-entry.ts";
import { isZeroBlock, parseHeader, type RawHeader } from "./tar-header.ts";
import { decodePaxRecords, type PaxRecords, parsePaxTime } from "./tar-pax.ts";

/** Receives an archive in order: an entry, its content in pieces (files only), its end. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  /** A piece of the current entry's content; valid only during the call. */
  data(bytes: Buffer): void;
  endEntry(): void;
}

type State = "header" | "body" | "special" | "padding" | "done";

const TYPES: Record<string, TarEntryType> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
};
const XATTR_PREFIX = "SCHILY.xattr.";
const EMPTY = Buffer.alloc(0);

/**
 * Reads a tar archive (ustar, pax, GNU long names, v7, star) from pieces of any size, with constant memory. Errors:
 * InvalidArgument (`Tar.Malformed`, `Tar.Truncated`), NotImplemented (`Tar.Unsupported`: sparse files and the like).
 *
 * Where archives contradict themselves it reads them as Go's archive/tar does, because that is what the other tools of
 * this field see: types without content have none whatever their size says, global pax headers have no effect, and
 * whatever follows the end mark is ignored.
 */
export class TarReader {
  readonly #handler: TarHandler;
  #state: State = "header";
  #offset = 0;
  /** Bytes left of the body, special body or padding. */
  #remaining = 0;
  #padding = 0;
  #block: Buffer = EMPTY;
  #zeroBlocks = 0;
  #special: { kind: "x" | "L" | "K" | "skip"; parts: Buffer[]; sizeBytes: number } | undefined;
  #pax: PaxRecords | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;
  #inEntry = false;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length && this.#state !== "done") {
      const taken = this.#state === "header" ? this.#takeHeader(bytes, at) : this.#takeBody(bytes, at);
      at += taken;
      this.#offset += taken;
    }
  }

  /** To be called after the last piece: fails when the archive stops in the middle of something. */
  end(): void {
    if (this.#state === "done") return;
    const pending = this.#pax !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
    if (this.#block.length > 0 || this.#state === "body" || this.#state === "special" || pending) {
      throw truncated(this.#offset);
    }
    this.#state = "done";
  }

  #takeHeader(bytes: Buffer, at: number): number {
    const needed = TAR_BLOCK_BYTES - this.#block.length;
    if (bytes.length - at < needed) {
      this.#block = Buffer.concat([this.#block, bytes.subarray(at)]);
      return bytes.length - at;
    }
    const block =
      this.#block.length === 0
        ? bytes.subarray(at, at + TAR_BLOCK_BYTES)
        : Buffer.concat([this.#block, bytes.subarray(at, at + needed)]);
    const start = this.#offset - this.#block.length;
    this.#block = EMPTY;
    this.#acceptBlock(block, start);
    return needed;
  }

  #acceptBlock(block: Buffer, offsetBytes: number): void {
    if (isZeroBlock(block)) {
      if (this.#pax || this.#longName !== undefined || this.#longLink !== undefined)
        throw truncated(offsetBytes);
      if (++this.#zeroBlocks === 2) this.#state = "done";
      return;
    }
    if (this.#zeroBlocks > 0) throw malformed("data after a zero block", offsetBytes);
    const raw = parseHeader(block, offsetBytes);
    if (raw.sizeBytes < 0) throw malformed("negative size", offsetBytes);
    if (!this.#beginSpecial(raw, offsetBytes)) this.#beginEntry(raw, offsetBytes);
  }

  #beginSpecial(raw: RawHeader, offsetBytes: number): boolean {
    const kind = specialKind(raw.typeFlag);
    if (!kind) return false;
    if (kind !== "skip" && raw.sizeBytes > MAX_SPECIAL_BYTES)
      throw malformed("extended header is too large", offsetBytes);
    this.#special = { kind, parts: [], sizeBytes: raw.sizeBytes };
    this.#begin("special", raw.sizeBytes);
    return true;
  }

  #beginEntry(raw: RawHeader, offsetBytes: number): void {
    const entry = this.#compose(raw, offsetBytes);
    this.#pax = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#inEntry = true;
    this.#handler.entry(entry);
    this.#begin("body", entry.sizeBytes);
  }

  #begin(state: "body" | "special", sizeBytes: number): void {
    this.#state = state;
    this.#remaining = sizeBytes;
    this.#padding = tarPaddingBytes(sizeBytes);
    if (sizeBytes === 0) this.#endBody();
  }

  #takeBody(bytes: Buffer, at: number): number {
    const piece = bytes.subarray(at, at + Math.min(this.#remaining, bytes.length - at));
    this.#remaining -= piece.length;
    if (this.#state === "body") this.#handler.data(piece);
    else if (this.#state === "special" && this.#special!.kind !== "skip")
      this.#special!.parts.push(Buffer.from(piece));
    if (this.#remaining === 0) this.#endBody();
    return piece.length;
  }

  #endBody(): void {
    if (this.#state === "padding") {
      this.#state = "header";
      return;
    }
    if (this.#inEntry) {
      this.#inEntry = false;
      this.#handler.endEntry();
    } else {
      this.#endSpecial();
    }
    this.#remaining = this.#padding;
    this.#state = this.#remaining > 0 ? "padding" : "header";
  }

  #endSpecial(): void {
    const { kind, parts } = this.#special!;
    this.#special = undefined;
    const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    if (kind === "x") this.#pax = decodePaxRecords(body, this.#offset);
    else if (kind === "L") this.#longName = textOfBytes(untilNul(body));
    else if (kind === "K") this.#longLink = textOfBytes(untilNul(body));
  }

  #compose(raw: RawHeader, offsetBytes: number): TarEntry {
    let type = TYPES[raw.typeFlag];
    if (raw.typeFlag === "S") throw unsupported("sparse files", offsetBytes);
    if (!type) throw unsupported(`members of type ${JSON.stringify(raw.typeFlag)}`, offsetBytes);
    const entry = tarEntry({ ...raw, type, mode: raw.mode & 0o7777, mtimeNanoseconds: 0 });
    delete (entry as Partial<RawHeader>).typeFlag;
    if (this.#longName !== undefined) entry.name = this.#longName;
    if (this.#longLink !== undefined) entry.linkName = this.#longLink;
    if (this.#pax) applyPax(entry, this.#pax, offsetBytes);
    // Before there was a type for directories, a trailing slash said it.
    if (type === "file" && raw.typeFlag === "\0" && entry.name.endsWith("/")) type = "directory";
    entry.type = type;
    if (type !== "file") entry.sizeBytes = 0;
    return entry;
  }
}

function specialKind(typeFlag: string): "x" | "L" | "K" | "skip" | undefined {
  if (typeFlag === "x" || typeFlag === "L" || typeFlag === "K") return typeFlag;
  // A global pax header, and GNU's volume label.
  return typeFlag === "g" || typeFlag === "V" ? "skip" : undefined;
}

function applyPax(entry: TarEntry, records: PaxRecords, offsetBytes: number): void {
  const xattrs = new Map<string, Buffer>();
  for (const [keyword, value] of records) {
    if (keyword.startsWith(XATTR_PREFIX)) xattrs.set(keyword.slice(XATTR_PREFIX.length), value);
    else if (keyword.startsWith("GNU.sparse.")) throw unsupported("sparse files", offsetBytes);
    // An empty value takes back what an earlier header said; what is in the block then stands.
    else if (value.length > 0) applyRecord(entry, keyword, value, offsetBytes);
  }
  if (xattrs.size > 0) entry.xattrs = xattrs;
}

function applyRecord(entry: TarEntry, keyword: string, value: Buffer, offsetBytes: number): void {
  const text = textOfBytes(value);
  switch (keyword) {
    case "path":
      entry.name = withoutNul(text, offsetBytes);
      return;
    case "linkpath":
      entry.linkName = withoutNul(text, offsetBytes);
      return;
    case "uname":
      entry.userName = withoutNul(text, offsetBytes);
      return;
    case "gname":
      entry.groupName = withoutNul(text, offsetBytes);
      return;
    case "size":
      entry.sizeBytes = paxInteger(text, keyword, offsetBytes);
      return;
    case "uid":
      entry.uid = paxInteger(text, keyword, offsetBytes);
      return;
    case "gid":
      entry.gid = paxInteger(text, keyword, offsetBytes);
      return;
    case "mtime": {
      const { seconds, nanoseconds } = parsePaxTime(text, offsetBytes);
      entry.mtimeSeconds = seconds;
      entry.mtimeNanoseconds = nanoseconds;
    }
  }
}

function paxInteger(text: string, keyword: string, offsetBytes: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw malformed(`bad pax ${keyword}`, offsetBytes);
  return value;
}

function withoutNul(text: string, offsetBytes: number): string {
  if (text.includes("\0")) throw malformed("NUL in a name", offsetBytes);
  return text;
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** One member of `readTar`. Its body has to be read, or skipped by going on, before the next member comes. */
export interface TarMember {
  entry: TarEntry;
  body: AsyncIterable<Buffer>;
}

/** The members of an archive one after the other. A body that is not read to its end is skipped. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const events = tarEvents(source);
  try {
    for (;;) {
      const next = await events.next();
      if (next.done) return;
      if (typeof next.value === "object" && "entry" in next.value) {
        const body = bodyOf(events);
        yield { entry: next.value.entry, body };
        for await (const _skipped of body);
      }
    }
  } finally {
    await events.return(undefined);
  }
}

type TarEvent = { entry: TarEntry } | { data: Buffer } | "end";

async function* bodyOf(events: AsyncGenerator<TarEvent>): AsyncGenerator<Buffer> {
  for (;;) {
    const next = await events.next();
    if (next.done || next.value === "end") return;
    if ("data" in next.value) yield next.value.data;
  }
}

async function* tarEvents(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEvent> {
  let queue: TarEvent[] = [];
  const reader = new TarReader({
    entry: (entry) => queue.push({ entry }),
    data: (data) => queue.push({ data }),
    endEntry: () => queue.push("end"),
  });
  for await (const chunk of source) {
    reader.push(chunk);
    const events = queue;
    queue = [];
    yield* events;
  }
  reader.end();
}

/** A name's components with `.`, empty ones and `..` resolved as in `/` + name: never above the root. */
export function cleanTarPath(name: string): string[] {
  const components: string[] = [];
  for (const component of name.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === "..") components.pop();
    else components.push(component);
  }
  return components;
}
