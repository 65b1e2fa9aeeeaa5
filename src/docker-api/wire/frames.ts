import { Writable } from "node:stream";

export type FrameStream = "stdin" | "stdout" | "stderr";

const STREAM_NUMBER: Record<FrameStream, number> = { stdin: 0, stdout: 1, stderr: 2 };

export const RAW_STREAM = "application/vnd.docker.raw-stream";
export const MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream";

/** Whether a stream's type tells of its frames: since API 1.42 it does. */
export const isMultiplexed = (raw: boolean, apiMinor: number) => !raw && apiMinor >= 42;

/**
 * One frame of Docker's multiplexed stream: stream number, three zero bytes, length (big endian), payload
 * (Engine API, "Attach to a container").
 */
export function encodeFrame(stream: FrameStream, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(stream, payload.length), payload]);
}

/** The eight bytes before a payload of that length. */
export function frameHeader(stream: FrameStream, length: number): Buffer {
  const header = Buffer.allocUnsafe(8);
  header.writeUInt32BE(STREAM_NUMBER[stream] * 0x1000000, 0);
  header.writeUInt32BE(length, 4);
  return header;
}

/**
 * A writable end for one stream of several that share a connection. Writes wait for the connection; `end` leaves the
 * connection open for the others.
 */
export function frameWriter(connection: Writable, stream: FrameStream, beforeWrite = () => {}): Writable {
  return forwardTo(connection, (chunk) => encodeFrame(stream, chunk), beforeWrite);
}

/** As `frameWriter`, bytes unchanged: with a terminal there is only one stream. */
export function rawWriter(connection: Writable, beforeWrite = () => {}): Writable {
  return forwardTo(connection, (chunk) => chunk, beforeWrite);
}

function forwardTo(
  connection: Writable,
  encode: (chunk: Buffer) => Uint8Array,
  beforeWrite: () => void,
): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      beforeWrite();
      // A client that went away is no error of the container: its output is dropped.
      if (connection.destroyed || connection.writableEnded) return done();
      if (connection.write(encode(chunk))) return done();
      waitForDrain(connection, done);
    },
  });
}

function waitForDrain(connection: Writable, done: () => void): void {
  const finish = () => {
    connection.off("drain", finish);
    connection.off("close", finish);
    done();
  };
  connection.on("drain", finish);
  connection.on("close", finish);
}
