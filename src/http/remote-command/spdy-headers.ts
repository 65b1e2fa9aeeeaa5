import { once } from "node:events";
import { createInflate, type Inflate, constants as zlib } from "node:zlib";
import { GantryError } from "../../base/index.ts";

// SPDY Protocol Draft 3.1, §2.6.10: header blocks are one zlib stream a direction, primed with this dictionary: words with a
// 32-bit length before each, then text without.

const WORDS =
  `options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age
allow authorization cache-control connection content-base content-encoding content-language content-length
content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since
if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate
proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning
www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin`
    .split(/\s+/)
    .map((word) => word.replace("_", " "));

const TEXT = [
  "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505",
  "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized",
  "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable",
  "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT",
  "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,",
  "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.",
].join("");

export const SPDY_DICTIONARY = Buffer.concat([...WORDS.map(lengthPrefixed), Buffer.from(TEXT)]);

const MAX_HEADER_BYTES = 64 * 1024;

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const out = Buffer.alloc(4 + bytes.length);
  out.writeUInt32BE(bytes.length);
  bytes.copy(out, 4);
  return out;
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

const malformed = (why: string) =>
  new GantryError("InvalidArgument", `malformed SPDY headers: ${why}`, { code: "Http.BadSpdy" });

/** Names in lower case; several values of one name are separated by NUL. */
export type SpdyHeaders = Map<string, string>;

export function encodeHeaders(headers: SpdyHeaders): Buffer {
  const parts = [uint32(headers.size)];
  for (const [name, value] of headers) parts.push(lengthPrefixed(name.toLowerCase()), lengthPrefixed(value));
  return Buffer.concat(parts);
}

export function decodeHeaders(block: Buffer): SpdyHeaders {
  let position = 0;
  const readNumber = () => {
    if (position + 4 > block.length) throw malformed("the block is too short");
    const value = block.readUInt32BE(position);
    position += 4;
    return value;
  };
  const readText = () => {
    const length = readNumber();
    if (length > block.length - position) throw malformed("a text is longer than its block");
    position += length;
    return block.toString("utf8", position - length, position);
  };
  const headers: SpdyHeaders = new Map();
  for (let left = readNumber(); left > 0; left--) {
    const name = readText();
    if (headers.has(name)) throw malformed(`the name ${name} is there twice`);
    headers.set(name, readText());
  }
  return headers;
}

const ZLIB_HEADER = Buffer.from([0x78, 0x01]);
/** An empty stored block: Go's inflater hands nothing out before it. */
const SYNC_FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff]);

/** The sending half of header compression. Blocks are stored, not compressed, which every inflater takes and costs nothing. */
export class HeaderDeflater {
  #begun = false;

  deflate(block: Buffer): Buffer {
    if (block.length > 0xffff) throw malformed("the block is too long");
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(~block.length & 0xffff, 3);
    const parts = this.#begun ? [] : [ZLIB_HEADER];
    this.#begun = true;
    return Buffer.concat([...parts, stored, block, SYNC_FLUSH]);
  }
}

/** The receiving half. One block at a time: the next only after the promise of the last has resolved. */
export class HeaderInflater {
  readonly #inflate: Inflate;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor() {
    this.#inflate = createInflate({ dictionary: SPDY_DICTIONARY, flush: zlib.Z_SYNC_FLUSH });
    this.#inflate.on("data", (chunk: Buffer) => {
      this.#size += chunk.length;
      if (this.#size > MAX_HEADER_BYTES) this.#inflate.destroy(malformed("the block is too long"));
      else this.#chunks.push(chunk);
    });
    // Each failure is met by who waits for the block.
    this.#inflate.on("error", () => {});
  }

  async inflate(block: Buffer): Promise<Buffer> {
    this.#chunks = [];
    this.#size = 0;
    const failed = once(this.#inflate, "close").then(() => {
      throw this.#inflate.errored instanceof GantryError
        ? this.#inflate.errored
        : malformed("they cannot be inflated");
    });
    failed.catch(() => {});
    const written = new Promise<void>((resolve) => this.#inflate.write(block, () => resolve()));
    await Promise.race([written, failed]);
    if (this.#inflate.errored) await failed;
    return Buffer.concat(this.#chunks);
  }

  close(): void {
    this.#inflate.destroy();
  }
}
