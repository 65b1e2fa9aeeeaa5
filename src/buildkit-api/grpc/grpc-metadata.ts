import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { protobuf } from "../../formats/index.ts";
import { GrpcStatus } from "../messages/common-messages.ts";
import { GrpcCode, GrpcError } from "./grpc-status.ts";

/** What goes with a call beside its messages; keys in lower case, values of printable ASCII. */
export type GrpcMetadata = Readonly<Record<string, readonly string[]>>;

const RESERVED = /^(?::|grpc-|content-|te$|user-agent$|connection$|host$)/;
/** What may stand in a header's value (PROTOCOL-HTTP2, "Custom-Metadata"). */
const PRINTABLE = /^[\x20-\x7e]*$/;
const KEY = /^[0-9a-z_.-]+$/;

/** From names and values in turn, as they came: lists are sent as one header a value, and values may have commas. */
export function metadataOf(rawHeaders: readonly string[]): GrpcMetadata {
  const metadata: Record<string, string[]> = Object.create(null);
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const key = rawHeaders[at]!;
    if (!RESERVED.test(key)) metadata[key] = [...(metadata[key] ?? []), rawHeaders[at + 1]!];
  }
  return metadata;
}

/** Headers for metadata to send: each value of a list as its own header. */
export function headersOf(metadata: GrpcMetadata): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null);
  for (const [key, values] of Object.entries(metadata)) {
    if (!KEY.test(key) || RESERVED.test(key) || !values.every((value) => PRINTABLE.test(value)))
      throw new GrpcError(GrpcCode.INTERNAL, `metadata ${JSON.stringify(key)} cannot be sent`);
    headers[key] = [...values];
  }
  return headers;
}

/** `grpc-timeout` in milliseconds; undefined where there is none or it makes no sense. */
export function timeoutOf(headers: IncomingHttpHeaders): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(String(headers["grpc-timeout"] ?? ""));
  if (!match) return undefined;
  const unit = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }[match[2]!]!;
  return Number(match[1]) * unit;
}

export function trailersOf(error: GrpcError | undefined): OutgoingHttpHeaders {
  if (!error) return { "grpc-status": "0" };
  const trailers: OutgoingHttpHeaders = {
    "grpc-status": String(error.code),
    "grpc-message": percentEncoded(error.message.slice(0, MAX_MESSAGE_CHARACTERS)),
  };
  if (error.details.length === 0) return trailers;
  const { code, message, details } = error;
  const status = protobuf.encode(GrpcStatus, { code, message, details: [...details] });
  if (status.length <= MAX_DETAILS_BYTES)
    trailers["grpc-status-details-bin"] = status.toString("base64").replace(/=+$/, "");
  return trailers;
}

/** The status that trailers tell; undefined for one that is OK. */
export function errorOf(trailers: IncomingHttpHeaders): GrpcError | undefined {
  const code = Number(trailers["grpc-status"] ?? GrpcCode.UNKNOWN);
  if (code === GrpcCode.OK) return undefined;
  const message = percentDecoded(String(trailers["grpc-message"] ?? ""));
  return new GrpcError(
    Number.isInteger(code) ? code : GrpcCode.UNKNOWN,
    message,
    detailsOf(trailers["grpc-status-details-bin"]),
  );
}

/** Go's HTTP/2 client takes headers of up to 16 MiB; a Dockerfile of usual size makes some KiB of them. */
const MAX_DETAILS_BYTES = 1024 * 1024;
const MAX_MESSAGE_CHARACTERS = 16 * 1024;

function detailsOf(header: string | string[] | undefined): GrpcError["details"] {
  if (typeof header !== "string") return [];
  try {
    return protobuf.decode(GrpcStatus, Buffer.from(header, "base64")).details;
  } catch {
    return [];
  }
}

/** PROTOCOL-HTTP2, "Percent-Encoded": bytes of UTF-8 beyond printable ASCII, and `%`. */
function percentEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
}

function percentDecoded(text: string): string {
  const bytes = text.replace(/%([0-9a-fA-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
