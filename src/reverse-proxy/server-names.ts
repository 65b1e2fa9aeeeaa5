/** How a client's first bytes look so far. */
export type Greeting =
  | { kind: "more" }
  /** `name` is undefined where the client asks for none. */
  | { kind: "tls"; name: string | undefined }
  | { kind: "other" };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
/** A greeting may come in several records, of 16 KiB at most. */
const MAX_BYTES = 32 * 1024;

/** Reads the name that a client asks for in its ClientHello (RFC 8446 §4.1.2, RFC 6066 §3), without taking part in the handshake. */
export function readGreeting(bytes: Buffer): Greeting {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE) return { kind: "other" };
  const message = handshakeOf(bytes);
  if (message === undefined) return bytes.length > MAX_BYTES ? { kind: "other" } : { kind: "more" };
  if (message[0] !== CLIENT_HELLO) return { kind: "other" };
  try {
    return { kind: "tls", name: serverNameOf(message.subarray(4)) };
  } catch {
    return { kind: "other" };
  }
}

/** The first handshake message, once all of it is there; records only part it. */
function handshakeOf(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 5 <= bytes.length && bytes[at] === HANDSHAKE) {
    const length = bytes.readUInt16BE(at + 3);
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const message = Buffer.concat(parts);
  if (message.length < 4) return undefined;
  const length = 4 + message.readUIntBE(1, 3);
  return message.length >= length ? message.subarray(0, length) : undefined;
}

function serverNameOf(hello: Buffer): string | undefined {
  // Version and random, then the session id, cipher suites and compression methods, each behind its length.
  let at = 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  if (at >= hello.length) return undefined;
  const end = at + 2 + hello.readUInt16BE(at);
  at += 2;
  while (at + 4 <= end) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    at += 4;
    if (type === SERVER_NAME) {
      // A list of one: its length, the kind (0: a host name), the name's length, the name.
      const name = hello.subarray(at + 5, at + 5 + hello.readUInt16BE(at + 3));
      return name.toString("latin1").toLowerCase();
    }
    at += length;
  }
  return undefined;
}
