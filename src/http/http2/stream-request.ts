import { type IncomingHttpHeaders, IncomingMessage } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { keepOwner } from "../../base/index.ts";

/**
 * A request that came on a stream of HTTP/2, as the request of HTTP/1.1 that says the same: `:authority` is its Host header (RFC 9113
 * §8.3.1), a body of unknown length is chunked, its socket is that of the connection. Destroying it leaves the connection alone.
 */
export class StreamRequest extends IncomingMessage {
  readonly #stream: ServerHttp2Stream;
  #isReading = false;

  /** `rawHeaders` has names and values in turn, the pseudo-headers among them; `hasBody`: the stream has not ended with them. */
  constructor(stream: ServerHttp2Stream, socket: Socket, rawHeaders: readonly string[], hasBody: boolean) {
    super(socket);
    this.#stream = stream;
    this.httpVersion = "2.0";
    this.httpVersionMajor = 2;
    this.httpVersionMinor = 0;
    this.#readHeaders(rawHeaders, hasBody);
    this.complete = !hasBody;
    if (!hasBody) this.push(null);
    stream.on("close", () => this.destroy());
  }

  override _read(): void {
    if (!this.#isReading) this.#begin();
    this.#stream.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // What nobody reads any more is dropped: with bytes left in it a stream would never be over.
    if (!this.#stream.destroyed) this.#stream.removeAllListeners("data").resume();
    done(error);
  }

  #begin(): void {
    this.#isReading = true;
    const stream = this.#stream;
    const give = readerNow();
    stream.on("data", (chunk: Buffer) =>
      give(() => {
        if (!this.push(chunk)) stream.pause();
      }),
    );
    stream.on("end", () =>
      give(() => {
        // What is cut ends too.
        if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || stream.aborted) return;
        this.complete = true;
        this.push(null);
      }),
    );
  }

  #readHeaders(raw: readonly string[], hasBody: boolean): void {
    const headers: IncomingHttpHeaders = {};
    const distinct: NodeJS.Dict<string[]> = Object.create(null);
    let authority: string | undefined;
    const add = (name: string, value: string) => {
      this.rawHeaders.push(name, value);
      const earlier = distinct[name];
      // Cookies come apart and are one header everywhere else (RFC 9113 §8.2.3).
      if (earlier && name === "cookie") earlier[0] += `; ${value}`;
      else if (earlier) earlier.push(value);
      else distinct[name] = [value];
      headers[name] = joined(name, headers[name], value);
    };
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at]!;
      const value = raw[at + 1]!;
      if (name === ":method") this.method = value;
      else if (name === ":path") this.url = value;
      else if (name === ":authority") authority = value;
      else if (!name.startsWith(":") && !(name === "host" && authority !== undefined)) add(name, value);
    }
    if (authority !== undefined) add("host", authority);
    // Who passes it on must know that there is a body.
    if (hasBody && headers["content-length"] === undefined) add("transfer-encoding", "chunked");
    this.headers = headers;
    this.headersDistinct = distinct;
  }
}

/** Gives things to who reads now. What the reader throws is its own error, and not the connection's. */
function readerNow(): (give: () => void) => void {
  const asReader = keepOwner();
  return (give) =>
    asReader(() => {
      try {
        give();
      } catch (error) {
        // From a task that it has begun an error finds its owner.
        queueMicrotask(() => {
          throw error;
        });
      }
    });
}

/** Of these the first one holds, as node:http has it for requests (`headers`, https://nodejs.org/api/http.html#messageheaders). */
const FIRST_HOLDS = new Set([
  "authorization",
  "content-length",
  "content-type",
  "from",
  "host",
  "if-modified-since",
  "if-unmodified-since",
  "max-forwards",
  "proxy-authorization",
  "referer",
  "user-agent",
]);

function joined(name: string, earlier: string | string[] | undefined, value: string): string {
  if (earlier === undefined) return value;
  if (FIRST_HOLDS.has(name)) return String(earlier);
  return `${earlier}${name === "cookie" ? "; " : ", "}${value}`;
}
