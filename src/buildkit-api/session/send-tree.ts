import { errorMessage } from "../../base/index.ts";
import type { FileEntry } from "../../build/index.ts";
import { type ClientCall, GrpcCode, GrpcError } from "../grpc/index.ts";
import { type Packet, PacketType } from "../messages/session-messages.ts";
import { statOf } from "./file-entries.ts";
import { isRegular } from "./file-mode.ts";

/** As much of a file as fsutil sends in one packet. */
const CHUNK_BYTES = 32 * 1024;

/** The sending side of fsutil's protocol (tonistiigi/fsutil, send.go). Resolves when the client has everything. */
export async function sendTreeOver(
  call: ClientCall<typeof Packet, typeof Packet>,
  entries: AsyncIterable<FileEntry>,
  read: (path: string) => AsyncIterable<Uint8Array>,
): Promise<void> {
  const paths = new Map<number, string>();
  let walk: Promise<void> | undefined;
  let failure: unknown;
  const failed = (error: unknown) => {
    failure ??= error;
    call
      .send({ type: PacketType.ERR, data: Buffer.from(errorMessage(error)) })
      .catch(() => {})
      .finally(() => call.cancel());
  };
  try {
    walk = sendStats(call, entries, paths);
    walk.catch(failed);
    // One after the other: the client asks for many at once.
    let sending = Promise.resolve();
    for await (const packet of call.messages()) {
      if (packet.type === PacketType.ERR)
        throw new GrpcError(GrpcCode.UNKNOWN, `error from receiver: ${Buffer.from(packet.data).toString()}`);
      if (packet.type === PacketType.REQ) {
        const path = paths.get(packet.id);
        if (path === undefined)
          throw new GrpcError(GrpcCode.INVALID_ARGUMENT, `invalid file id ${packet.id}`);
        paths.delete(packet.id);
        sending = sending.then(() => sendContent(call, packet.id, read(path)));
        sending.catch(failed);
      } else if (packet.type === PacketType.FIN) {
        await sending;
        await call.send({ type: PacketType.FIN });
        call.end();
      }
    }
    await walk;
  } catch (error) {
    throw failure ?? error;
  } finally {
    call.cancel();
    await walk?.catch(() => {});
  }
}

async function sendStats(
  call: ClientCall<typeof Packet, typeof Packet>,
  entries: AsyncIterable<FileEntry>,
  paths: Map<number, string>,
): Promise<void> {
  let number = 0;
  for await (const entry of entries) {
    if (isRegular(entry.mode) && entry.linkName === "") paths.set(number, entry.path);
    number++;
    await call.send({ type: PacketType.STAT, stat: statOf(entry) });
  }
  await call.send({ type: PacketType.STAT });
}

async function sendContent(
  call: ClientCall<typeof Packet, typeof Packet>,
  id: number,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES)
      await call.send({ type: PacketType.DATA, id, data: chunk.subarray(at, at + CHUNK_BYTES) });
  }
  await call.send({ type: PacketType.DATA, id });
}
