import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Clock, Logger } from "../../../base/index.ts";
import {
  type HttpContext,
  type HttpResponse,
  sendBytes,
  sendEmpty,
  writeChunk,
} from "../../../http/index.ts";
import { type KindDefinition, statusBadRequest } from "../../api/index.ts";
import { forwardToKubelet } from "../nodes/forward-to-kubelet.ts";
import { StoredObject } from "../objects/stored-object.ts";
import type { Offload } from "../offload/offload.ts";
import type { Answer, ResourceCall } from "../server-context.ts";
import { CONTENT_TYPES, refuseOtherShape } from "./accept.ts";
import { encodeObject, encodeValue, type Rendering } from "./encode-answer.ts";
import { type EncodeElsewhere, encodeList } from "./encode-list.ts";
import { forwardRequest } from "./forward-request.ts";
import { inPieces } from "./pieces.ts";
import { warningHeaders } from "./warning-headers.ts";
import { WatchEvents } from "./watch-events.ts";

/** Answers at least this big are compressed for clients that take it (apiserver's defaultGzipThresholdBytes). */
const GZIP_FROM_BYTES = 128 * 1024;

export interface OutgoingAnswer {
  ctx: HttpContext;
  answer: Answer;
  call: ResourceCall;
  form: Rendering;
  offload: Offload;
  /** A client that takes nothing for so long is cut off. */
  clientStallMs: number;
  logger: Logger;
  clock: Clock;
}

/** Writes an answer in the form that the client wants. */
export async function sendAnswer(out: OutgoingAnswer): Promise<void> {
  const { ctx, answer, call, form } = out;
  setWarnings(ctx.res, call.warnings);
  const contentType = CONTENT_TYPES[form.encoding];
  switch (answer.form) {
    case "object":
      refuseOtherShape(form, answer.kind, false);
      return sendBuffer(out, answer.code, contentType, await encodedObject(out, answer));
    case "encoded":
      return sendBuffer(out, answer.code, answer.contentType, answer.bytes);
    case "list":
      refuseOtherShape(form, answer.kind, true);
      return sendPieces(
        out,
        contentType,
        encodeList(answer.kind, answer.list, form, itemsElsewhere(out, answer.kind)),
      );
    case "status": {
      const code = typeof answer.status.code === "number" ? answer.status.code : 200;
      const encoding = form.encoding === "protobuf" ? "protobuf" : "json";
      return sendBuffer(out, code, contentType, encodeValue(answer.status, encoding, form.pretty));
    }
    case "watch":
      return sendWatch(out, answer);
    case "text":
      return sendText(out, answer.chunks);
    case "proxy":
      return forwardRequest(ctx, answer.target);
    case "kubelet":
      return forwardToKubelet(ctx, answer.target);
    default:
      throw statusBadRequest("Upgrade request required");
  }
}

/** Waits while the client is slower than we are; false when it has gone, or is given up. */
async function write({ ctx, clock, clientStallMs }: OutgoingAnswer, chunk: Uint8Array): Promise<boolean> {
  const cancel = clock.after(clientStallMs, () => ctx.res.destroy(), { unref: true });
  try {
    return await writeChunk(ctx.res, chunk);
  } finally {
    cancel();
  }
}

export function setWarnings(res: HttpResponse, warnings: readonly string[]): void {
  if (warnings.length > 0) res.setHeader("warning", warningHeaders(warnings));
}

async function encodedObject(
  { call, form, offload }: OutgoingAnswer,
  { kind, object }: Extract<Answer, { form: "object" }>,
): Promise<Buffer> {
  const big =
    object instanceof StoredObject
      ? await offload.encode(kind, object, form, { of: "object" }, call)
      : undefined;
  return big ?? encodeObject(kind, object, form);
}

function itemsElsewhere({ call, form, offload }: OutgoingAnswer, kind: KindDefinition): EncodeElsewhere {
  return (item, index) => offload.encode(kind, item, form, { of: "item", index }, call);
}

async function sendBuffer(
  out: OutgoingAnswer,
  code: number,
  contentType: string,
  bytes: Buffer,
): Promise<void> {
  const { ctx } = out;
  if (bytes.length < GZIP_FROM_BYTES) return sendBytes(ctx.res, code, contentType, bytes);
  if (takesGzip(ctx)) return sendGzip(out, code, contentType, inPieces([bytes]));
  const { res } = ctx;
  res.writeHead(code, { "content-type": contentType, "content-length": bytes.length });
  // What is encrypted at once holds everybody else.
  for (const piece of inPieces([bytes])) if (!(await write(out, piece))) return;
  res.end();
}

async function sendPieces(
  out: OutgoingAnswer,
  contentType: string,
  pieces: AsyncGenerator<Buffer>,
): Promise<void> {
  const { ctx } = out;
  const first = await pieces.next();
  if (first.done) return;
  const second = await pieces.next();
  if (second.done) return sendBuffer(out, 200, contentType, first.value);
  const all = (async function* () {
    yield first.value;
    yield second.value;
    yield* pieces;
  })();
  if (takesGzip(ctx)) return sendGzip(out, 200, contentType, all);
  ctx.res.writeHead(200, { "content-type": contentType });
  for await (const long of all) {
    for (const piece of inPieces([long])) if (!(await write(out, piece))) return;
  }
  ctx.res.end();
}

function takesGzip({ req }: HttpContext): boolean {
  return /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)/i.test(
    String(req.headers["accept-encoding"] ?? ""),
  );
}

async function sendGzip(
  out: OutgoingAnswer,
  code: number,
  contentType: string,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  const { res } = out.ctx;
  res.writeHead(code, { "content-type": contentType, "content-encoding": "gzip", vary: "Accept-Encoding" });
  const zip = createGzip({ level: 1 });
  // What goes wrong here comes out of `zip` too.
  pipeline(Readable.from(pieces), zip).catch(() => {});
  for await (const chunk of zip) if (!(await write(out, chunk))) return;
  res.end();
}

async function sendWatch(
  out: OutgoingAnswer,
  { kind, watch }: Extract<Answer, { form: "watch" }>,
): Promise<void> {
  const { ctx, form } = out;
  const { res } = ctx;
  const events = new WatchEvents({ ...out, kind });
  const stream = form.encoding === "json" ? "" : ";stream=watch";
  res.writeHead(200, { "content-type": CONTENT_TYPES[form.encoding] + stream });
  res.flushHeaders();
  try {
    for await (const items of watch.items) {
      const parts: Buffer[] = [];
      for (const item of items) parts.push(...(await events.parts(item)));
      for (const piece of inPieces(parts)) if (!(await write(out, piece))) return;
    }
  } catch (error) {
    if (!ctx.signal.aborted) await write(out, events.failure(error));
  } finally {
    res.end();
  }
}

async function sendText(out: OutgoingAnswer, chunks: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  const { res } = out.ctx;
  if (!chunks) return sendEmpty(res, 204);
  res.writeHead(200, { "content-type": "text/plain" });
  res.flushHeaders();
  for await (const chunk of chunks) if (!(await write(out, chunk))) return;
  res.end();
}
