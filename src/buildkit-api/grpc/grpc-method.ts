import type { Http2Stream } from "node:http2";
import { protobuf } from "../../formats/index.ts";
import { FrameReader, frameOf } from "./grpc-frames.ts";
import { GrpcCode, GrpcError } from "./grpc-status.ts";

// biome-ignore lint/suspicious/noExplicitAny: any table of fields
export type AnyMessage = protobuf.MessageType<any>;

export interface GrpcMethod<Q extends AnyMessage, A extends AnyMessage> {
  /** `/package.Service/Method`. */
  path: string;
  request: Q;
  response: A;
}

/** Messages up to this size are taken and sent, as containerd's and BuildKit's clients and servers do (defaults.DefaultMaxRecvMsgSize). */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Messages of one direction of a stream. The other side is slowed down while nobody asks for the next. */
export async function* messagesOf<M extends AnyMessage>(
  stream: Http2Stream,
  type: M,
): AsyncGenerator<protobuf.Message<M>> {
  const reader = new FrameReader(MAX_MESSAGE_BYTES);
  // Who takes only the first message goes on with the stream.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    reader.add(chunk as Buffer);
    for (let bytes = reader.next(); bytes; bytes = reader.next()) yield decoded(type, bytes);
  }
  if (!reader.isBetweenMessages) throw new GrpcError(GrpcCode.INTERNAL, "unexpected EOF");
}

/** Resolves when there is room for the next one. */
export function writeMessage<M extends AnyMessage>(
  stream: Http2Stream,
  type: M,
  message: protobuf.Outgoing<M>,
): Promise<void> {
  if (stream.destroyed || stream.closed) return Promise.reject(streamGone());
  if (stream.write(frameOf(protobuf.encode(type, message)))) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      if (stream.destroyed) reject(streamGone());
      else resolve();
    };
    stream.on("drain", done).on("close", done);
  });
}

function streamGone(): GrpcError {
  return new GrpcError(GrpcCode.CANCELLED, "context canceled");
}

function decoded<M extends AnyMessage>(type: M, bytes: Buffer): protobuf.Message<M> {
  try {
    return protobuf.decode(type, bytes) as protobuf.Message<M>;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new GrpcError(GrpcCode.INTERNAL, `grpc: error unmarshalling request: ${error.message}`);
  }
}
