import type { IncomingMessage } from "node:http";
import { type Clock, errorMessage, GantryError, systemClock } from "../base/index.ts";

export interface ReadBodyOptions {
  /** From the call until the body is whole: 60 s. After it: DeadlineExceeded (`Http.BodyTimeout`). */
  timeoutMs?: number;
  clock?: Clock;
  /** Told of each piece; what it throws refuses the body. */
  onChunk?: (sizeBytes: number) => void;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Reads a request's body whole. Errors: ResourceExhausted (`Http.BodyTooLarge`) beyond `limitBytes`, as early as its length is
 * known; DeadlineExceeded (`Http.BodyTimeout`); InvalidArgument (`Http.BodyCut`) when the client goes away in the middle.
 */
export function readBody(
  req: IncomingMessage,
  limitBytes: number,
  options: ReadBodyOptions = {},
): Promise<Buffer> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, clock = systemClock, onChunk } = options;
  if (Number(req.headers["content-length"] ?? 0) > limitBytes) return Promise.reject(tooLarge(limitBytes));
  if (req.destroyed && !req.readableEnded) return Promise.reject(bodyCut());
  const whole = bodyAtHand(req);
  if (whole) return taken(whole, limitBytes, onChunk);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (outcome: () => void) => {
      cancelTimeout();
      req.off("data", onData).off("end", onEnd).off("error", onCut).off("close", onCut);
      outcome();
    };
    const fail = (error: unknown) => {
      req.pause();
      finish(() => reject(error));
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) return fail(tooLarge(limitBytes));
      chunks.push(chunk);
      try {
        onChunk?.(chunk.length);
      } catch (error) {
        fail(error);
      }
    };
    const onEnd = () => finish(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    const onCut = (cause?: unknown) => finish(() => reject(bodyCut(cause)));
    const cancelTimeout = clock.after(timeoutMs, () => fail(tooSlow(timeoutMs)));
    req.on("data", onData).on("end", onEnd).on("error", onCut).on("close", onCut);
  });
}

/** The body of most requests has come with the head, and nothing is to be waited for. */
function bodyAtHand(req: IncomingMessage): Buffer | undefined {
  const { readableLength, readableFlowing, complete, headers } = req;
  if (readableLength === 0 || readableFlowing !== null) return undefined;
  // That a body is complete Node says only when those who have seen its last byte have gone on.
  if (!complete && readableLength !== Number(headers["content-length"])) return undefined;
  const bytes = req.read() as Buffer | null;
  req.resume();
  return bytes ?? undefined;
}

async function taken(
  bytes: Buffer,
  limitBytes: number,
  onChunk: ReadBodyOptions["onChunk"],
): Promise<Buffer> {
  // Of what comes in chunks no length was told.
  if (bytes.length > limitBytes) throw tooLarge(limitBytes);
  onChunk?.(bytes.length);
  return bytes;
}

/** Reads a JSON body. An empty body is `undefined`; malformed JSON is InvalidArgument (`Http.BadJson`). */
export async function readJson(
  req: IncomingMessage,
  limitBytes: number,
  options?: ReadBodyOptions,
): Promise<unknown> {
  const body = await readBody(req, limitBytes, options);
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new GantryError("InvalidArgument", `invalid JSON: ${errorMessage(error)}`, {
      code: "Http.BadJson",
    });
  }
}

const tooLarge = (limitBytes: number) =>
  new GantryError("ResourceExhausted", `the request's body is larger than ${limitBytes} bytes`, {
    code: "Http.BodyTooLarge",
    details: { limitBytes },
  });

const tooSlow = (timeoutMs: number) =>
  new GantryError("DeadlineExceeded", `the request's body did not arrive within ${timeoutMs} ms`, {
    code: "Http.BodyTimeout",
    details: { timeoutMs },
  });

export const bodyCut = (cause?: unknown) =>
  new GantryError("InvalidArgument", "the request's body ended early", { code: "Http.BodyCut", cause });
