import { protobuf } from "../../formats/index.ts";

const { bytes, int64, many, message, text } = protobuf;

/** google.protobuf.Timestamp */
export const Timestamp = message({ seconds: int64(1), nanos: int64(2) });
/** google.protobuf.Any */
export const Any = message({ typeUrl: text(1), value: bytes(2) });
/** google.rpc.Status */
export const GrpcStatus = message({ code: int64(1), message: text(2), details: many(3, Any) });
export const Empty = message({});
/** Of every service that sends bytes as they are. */
export const BytesMessage = message({ data: bytes(1) });

export function timestampOf(ms: number | undefined): { seconds: number; nanos: number } | undefined {
  if (ms === undefined) return undefined;
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

export function msOf(timestamp: protobuf.Message<typeof Timestamp> | undefined): number | undefined {
  return timestamp && timestamp.seconds * 1000 + timestamp.nanos / 1e6;
}
