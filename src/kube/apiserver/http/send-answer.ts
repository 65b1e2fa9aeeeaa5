import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate } from "node:timers/promises";
import { createGzip } from "node:zlib";
import { isGantryError, type Logger } from "../../../base/index.ts";
import { type HttpContext, sendBytes, sendEmpty, writeChunk } from "../../../http/index.ts";
import { statusBadRequest, toStatus } from "../../api/index.ts";
import type { Answer, ResourceCall } from "../server-context.ts";
import { CONTENT_TYPES } from "./accept.ts";
import { encodeList, encodeObject, encodeValue, type Rendering } from "./encode-answer.ts";
import { WatchEncoder } from "./encode-watch.ts";

/** Answers at least this big are compressed for clients that take it (apiserver's defaultGzipThresholdBytes). */
const GZIP_FROM_BYTES = 128 * 1024;

/** Writes an answer in the form that the client wants. */
export async function sendAnswer(
  ctx: HttpContext,
  answer: Answer,
  call: ResourceCall,
  form: Rendering,
  logger: Logger,
): Promise<void> {
  const { res } = ctx;
  for (const warning of call.warnings) res.appendHeader("warning", warningHeader(warning));
  const contentType = CONTENT_TYPES[form.encoding];
  switch (answer.form) {
    case "object":
      return sendBuffer(ctx, answer.code, contentType, encodeObject(answer.kind, answer.object, form));
    case "list":
      return sendPieces(ctx, contentType, encodeList(answer.kind, answer.list, form));
    case "status": {
      const code = typeof answer.status.code === "number" ? answer.status.code : 200;
      const bytes = encodeValue(
        answer.status,
        form.encoding === "protobuf" ? "protobuf" : "json",
        form.pretty,
      );
      return sendBuffer(ctx, code, contentType, bytes);
    }
    case "watch":
      return sendWatch(ctx, answer, form, logger);
    case "text":
      return sendText(ctx, answer.chunks);
    default:
      throw statusBadRequest("Upgrade request required");
  }
}

/** RFC 7234 §5.5: code, agent, quoted text. */
function warningHeader(text: string): string {
  return `299 - ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, "?"))}`;
}

async function sendBuffer(ctx: HttpContext, code: number, contentType: string, bytes: Buffer): Promise<void> {
  if (bytes.length < GZIP_FROM_BYTES || !takesGzip(ctx)) {
    sendBytes(ctx.res, code, contentType, bytes);
    return;
  }
  await sendGzip(ctx, code, contentType, [bytes]);
}

async function sendPieces(ctx: HttpContext, contentType: string, pieces: Generator<Buffer>): Promise<void> {
  const first = pieces.next();
  if (first.done) return;
  const second = pieces.next();
  if (second.done) return sendBuffer(ctx, 200, contentType, first.value);
  const all = (function* () {
    yield first.value;
    yield second.value;
    yield* pieces;
  })();
  if (takesGzip(ctx)) return sendGzip(ctx, 200, contentType, all);
  ctx.res.writeHead(200, { "content-type": contentType });
  for (const piece of all) {
    if (!(await writeChunk(ctx.res, piece))) return;
    await setImmediate();
  }
  ctx.res.end();
}

function takesGzip({ req }: HttpContext): boolean {
  return /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)/i.test(
    String(req.headers["accept-encoding"] ?? ""),
  );
}

async function sendGzip(
  { res }: HttpContext,
  code: number,
  contentType: string,
  pieces: Iterable<Buffer>,
): Promise<void> {
  res.writeHead(code, { "content-type": contentType, "content-encoding": "gzip", vary: "Accept-Encoding" });
  // A client that goes away in the middle is no failure of ours.
  await pipeline(Readable.from(pieces), createGzip({ level: 1 }), res).catch(() => res.destroy());
}

async function sendWatch(
  ctx: HttpContext,
  { kind, watch }: Extract<Answer, { form: "watch" }>,
  form: Rendering,
  logger: Logger,
): Promise<void> {
  const { res } = ctx;
  const encoder = new WatchEncoder(kind, form);
  const stream = form.encoding === "json" ? "" : ";stream=watch";
  res.writeHead(200, { "content-type": CONTENT_TYPES[form.encoding] + stream });
  res.flushHeaders();
  try {
    for await (const items of watch.items) {
      const bytes = items.map((item) => encoder.encode(item));
      if (!(await writeChunk(res, bytes.length === 1 ? bytes[0]! : Buffer.concat(bytes)))) return;
    }
  } catch (error) {
    if (ctx.signal.aborted) return;
    if (!isGantryError(error)) logger.error("a watch failed", { resource: kind.resource, error });
    await writeChunk(res, encoder.error(toStatus(error)));
  } finally {
    res.end();
  }
}

async function sendText(ctx: HttpContext, chunks: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  const { res } = ctx;
  if (!chunks) return sendEmpty(res, 204);
  res.writeHead(200, { "content-type": "text/plain" });
  res.flushHeaders();
  for await (const chunk of chunks) if (!(await writeChunk(res, chunk))) return;
  res.end();
}
