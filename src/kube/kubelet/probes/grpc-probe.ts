import { type ClientHttp2Session, connect } from "node:http2";
import { type Clock, errorMessage } from "../../../base/index.ts";
import { protobuf } from "../../../formats/index.ts";
import type { ProbeFinding } from "./prober.ts";

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
const SERVING_STATUS = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
/** By number, as Go's gRPC spells them ("Status codes and their use in gRPC"). */
const CODES = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
];
/** A health answer has a few bytes: what goes on beyond is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_MESSAGE_CHARACTERS = 1024;

interface HealthAnswer {
  code: string;
  message: string;
  body: Buffer;
}

/** Asks the gRPC health service (grpc.health.v1.Health/Check), without TLS as upstream does. */
export async function probeGrpc(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  clock: Clock,
): Promise<ProbeFinding> {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const session = connect(`http://${authority}`);
  let isConnected = false;
  session.on("connect", () => {
    isConnected = true;
  });
  let timedOut = false;
  const cancel = clock.after(timeoutMs, () => {
    timedOut = true;
    session.destroy();
  });
  try {
    const answer = await check(session, service);
    // A session that is destroyed ends its streams as if they were whole.
    if (timedOut) throw new Error("timed out");
    return findingOf(answer);
  } catch (error) {
    const within = `${timeoutMs / 1000}s`;
    if (timedOut && isConnected) return failed(`timeout: health rpc did not complete within ${within}`);
    if (timedOut) {
      return failed(
        `timeout: failed to connect service ${JSON.stringify(authority)} within ${within}: context deadline exceeded`,
      );
    }
    if (isConnected) return rpcFailed("Unavailable", errorMessage(error));
    return failed(`error: failed to connect service at ${JSON.stringify(authority)}: ${errorMessage(error)}`);
  } finally {
    cancel();
    session.destroy();
  }
}

const failed = (output: string): ProbeFinding => ({ outcome: "failure", output });

const rpcFailed = (code: string, message: string): ProbeFinding =>
  failed(`error: health rpc probe failed: rpc error: code = ${code} desc = ${message}`);

function findingOf({ code, message, body }: HealthAnswer): ProbeFinding {
  if (code === "Unimplemented") {
    return failed(
      `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`,
    );
  }
  if (code !== "OK") return rpcFailed(code, message);
  let serving: string;
  try {
    serving = servingStatusOf(body);
  } catch (error) {
    return rpcFailed("Internal", errorMessage(error));
  }
  if (serving === "SERVING") return { outcome: "success", output: "service healthy" };
  return failed(`service unhealthy (responded with ${JSON.stringify(serving)})`);
}

function check(session: ClientHttp2Session, service: string): Promise<HealthAnswer> {
  return new Promise((resolve, reject) => {
    session.on("error", reject);
    session.on("close", () => reject(new Error("connection closed")));
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": "kube-probe/1.33",
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let status: number | undefined;
    let message = "";
    const readStatus = (headers: Record<string, unknown>) => {
      const httpStatus = headers[":status"];
      if (httpStatus !== undefined && httpStatus !== 200)
        message = `unexpected HTTP status code received from server: ${httpStatus}`;
      if (headers["grpc-status"] === undefined) return;
      status = Number(headers["grpc-status"]);
      message = percentDecoded(String(headers["grpc-message"] ?? "")).slice(0, MAX_MESSAGE_CHARACTERS);
    };
    stream.on("response", readStatus);
    stream.on("trailers", readStatus);
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) stream.destroy(new Error("the answer is too long"));
      else chunks.push(chunk);
    });
    stream.on("error", reject);
    stream.on("end", () =>
      resolve({ code: CODES[status ?? 2] ?? `Code(${status})`, message, body: Buffer.concat(chunks) }),
    );
    stream.end(frame(service));
  });
}

/** gRPC over HTTP/2, "Status-Message": what cannot be decoded is left as it is. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** grpc.health.v1, by field number. */
const HealthCheckRequest = protobuf.message({ service: protobuf.text(1) });
const HealthCheckResponse = protobuf.message({ status: protobuf.int64(1) });
/** Before each message: whether it is compressed, and its length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const FRAME_HEAD_BYTES = 5;

function frame(service: string): Buffer {
  const body = protobuf.encode(HealthCheckRequest, { service });
  const header = Buffer.alloc(FRAME_HEAD_BYTES);
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

function servingStatusOf(message: Buffer): string {
  if (message.length < FRAME_HEAD_BYTES) throw new Error("the answer has no message");
  if (message[0] !== 0) throw new Error("the answer is compressed");
  const body = message.subarray(FRAME_HEAD_BYTES);
  if (body.length !== message.readUInt32BE(1)) throw new Error("the answer is cut off");
  const { status } = protobuf.decode(HealthCheckResponse, body);
  return SERVING_STATUS[status] ?? String(status);
}
