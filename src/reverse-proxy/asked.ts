import { type AnswerSink, bodyStream, type HttpContext, type RequestBody } from "../http/index.ts";

/** A request as its client has sent it, and where its answer goes, whatever it came over. */
export interface Asked {
  readonly method: string;
  /** Undefined: none comes with it. */
  readonly body: RequestBody | undefined;
  readonly sink: AnswerSink;
}

export function askedOf({ req, res, method }: HttpContext): Asked {
  const hasBody =
    req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
  return { method, sink: res, body: hasBody ? bodyOf(req) : undefined };
}

function bodyOf(req: HttpContext["req"]): RequestBody {
  let stream: ReturnType<typeof bodyStream> | undefined;
  return {
    start: (taker) => {
      stream = bodyStream(req);
      stream
        .on("data", (piece: Buffer) => taker.take(piece))
        .on("end", () => taker.end())
        .on("error", (error) => taker.fail(error));
    },
    pause: () => void stream?.pause(),
    resume: () => void stream?.resume(),
  };
}
