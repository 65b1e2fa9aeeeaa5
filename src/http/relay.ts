import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { bodyStream } from "./body-stream.ts";
import type { HttpContext } from "./context.ts";
import { EarlyBytes } from "./early-bytes.ts";
import { linger } from "./refuse.ts";

/** A request for another protocol, whose connection is handed over. */
export interface UpgradeRequest {
  req: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  signal: AbortSignal;
}

/** What stands behind us did not answer; the cause says why. */
export class NoAnswer extends Error {}

const MAX_LISTENERS = 32;

/** How an answer goes back to the client. */
export interface RelayedAnswer {
  headers: OutgoingHttpHeaders;
  /** What its body goes through on the way. */
  through?: NodeJS.ReadWriteStream[];
}

/**
 * Sends the client's body with `outgoing`, and the answer back as a stream. Throws NoAnswer; `receive` may refuse an answer by
 * throwing.
 */
export async function relayRequest(
  { req, res, signal }: HttpContext,
  outgoing: ClientRequest,
  receive: (answer: IncomingMessage) => Promise<RelayedAnswer> | RelayedAnswer,
): Promise<void> {
  const gone = () => outgoing.destroy();
  signal.addEventListener("abort", gone, { once: true });
  try {
    // An answer may come before all of the body has been taken; what is then not taken is nobody's loss.
    pipeline(bodyStream(req), outgoing).catch(() => {});
    const answer = await answerOf(outgoing);
    const { headers, through = [] } = await receive(answer);
    res.writeHead(answer.statusCode ?? 502, headers);
    // The first event of a watch may be long in coming.
    if (headers["content-length"] === undefined) res.flushHeaders();
    // A client that goes away in the middle is no failure of ours.
    await pipeline([answer, ...through, res]).catch(() => res.destroy());
  } finally {
    signal.removeEventListener("abort", gone);
    // What was refused is not waited for.
    if (!res.headersSent) outgoing.destroy();
  }
}

/** As `relayRequest`, for a request that asks for another protocol: from the answer 101 on, bytes both ways. */
export async function relayUpgrade(
  { socket, head, signal }: UpgradeRequest,
  outgoing: ClientRequest,
  receive: (answer: IncomingMessage) => RelayedAnswer,
): Promise<void> {
  outgoing.end();
  const early = new EarlyBytes(socket, head);
  const close = () => outgoing.destroy();
  signal.addEventListener("abort", close, { once: true });
  const switched = Promise.withResolvers<{ answer: IncomingMessage; behind?: Duplex; rest?: Buffer }>();
  outgoing.on("upgrade", (answer, behind, rest) => switched.resolve({ answer, behind, rest }));
  answerOf(outgoing).then((answer) => switched.resolve({ answer }), switched.reject);
  try {
    const { answer, behind, rest } = await switched.promise;
    if (!behind) {
      const { headers } = receive(answer);
      // The other side did not switch: after its answer nothing more goes through (CVE-2018-1002105).
      early.take();
      socket.resume();
      socket.write(headOf(answer, headers));
      await pipeline(answer, socket).then(
        () => linger(socket),
        () => socket.destroy(),
      );
      return;
    }
    // Each pipeline listens in many ways, beside the server's own.
    for (const side of [socket, behind]) side.setMaxListeners(MAX_LISTENERS);
    socket.write(headOf(answer, answer.headers));
    behind.write(early.take());
    socket.write(rest!);
    await Promise.allSettled([pipeline(socket, behind), pipeline(behind, socket)]);
  } finally {
    signal.removeEventListener("abort", close);
    outgoing.destroy();
  }
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on("response", resolve);
    outgoing.on("error", (cause) => reject(new NoAnswer(cause.message, { cause })));
  });
}

function headOf({ statusCode, statusMessage }: IncomingMessage, headers: OutgoingHttpHeaders): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one) => `${name}: ${one}`),
  );
  if (statusCode !== 101) lines.push("connection: close");
  return `${[`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines].join("\r\n")}\r\n\r\n`;
}
