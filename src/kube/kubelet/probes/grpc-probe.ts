import { type ClientHttp2Session, connect } from "node:http2";
import { type Clock, errorMessage } from "../../../base/index.ts";
import { protobuf } from "../../../formats/index.ts";
import type { ProbeFinding } from "./prober.ts";

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
const SERVING_STATUS = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
const GRPC_UNIMPLEMENTED = 12;

interface HealthAnswer {
  grpcStatus: number;
  grpcMessage: string;
  serving: string;
}

/** Asks the gRPC health service (grpc.health.v1.Health/Check), without TLS as upstream does. */
export async function probeGrpc(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  clock: Clock,
): Promise<ProbeFinding> {
  const address = `${host}:${port}`;
  const session = connect(`http://${host.includes(":") ? `[${host}]` : host}:${port}`);
  let timedOut = false;
  const cancel = clock.after(timeoutMs, () => {
    timedOut = true;
    session.destroy();
  });
  try {
    const { grpcStatus, grpcMessage, serving } = await check(session, service);
    if (grpcStatus === GRPC_UNIMPLEMENTED) {
      return failed(
        `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${grpcMessage}`,
      );
    }
    if (grpcStatus !== 0) return failed(`error: health rpc failed: ${grpcMessage}`);
    if (serving === "SERVING") return { outcome: "success", output: "service healthy" };
    return failed(`service unhealthy (responded with ${JSON.stringify(serving)})`);
  } catch (error) {
    if (timedOut) {
      return failed(
        `timeout: failed to connect service ${JSON.stringify(address)} within ${timeoutMs / 1000}s: context deadline exceeded`,
      );
    }
    return failed(`error: failed to connect service at ${JSON.stringify(address)}: ${errorMessage(error)}`);
  } finally {
    cancel();
    session.destroy();
  }
}

const failed = (output: string): ProbeFinding => ({ outcome: "failure", output });

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
    let status: number | undefined;
    let message = "";
    const readStatus = (headers: Record<string, unknown>) => {
      if (headers["grpc-status"] === undefined) return;
      status = Number(headers["grpc-status"]);
      message = decodeURIComponent(String(headers["grpc-message"] ?? ""));
    };
    stream.on("response", readStatus);
    stream.on("trailers", readStatus);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => {
      const serving = SERVING_STATUS[servingStatusOf(Buffer.concat(chunks))] ?? "UNKNOWN";
      resolve({ grpcStatus: status ?? 2, grpcMessage: message, serving });
    });
    stream.end(frame(service));
  });
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

function servingStatusOf(message: Buffer): number {
  return protobuf.decode(HealthCheckResponse, message.subarray(FRAME_HEAD_BYTES)).status;
}
