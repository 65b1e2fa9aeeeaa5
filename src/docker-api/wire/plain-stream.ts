import { Readable } from "node:stream";
import type { ApiContext } from "../api-context.ts";
import { RAW_STREAM } from "./frames.ts";
import type { Hijacked } from "./hijack.ts";

/** For clients that attach without an upgrade: output only, as the body of an ordinary answer. */
export function plainStream(context: ApiContext): Hijacked {
  const { res } = context;
  return {
    input: Readable.from([]),
    output: res,
    signal: context.signal,
    get accepted() {
      return res.headersSent;
    },
    accept() {
      if (res.headersSent || res.destroyed) return;
      // Whatever the stream is: Docker tells it to those only who asked for an upgrade.
      res.writeHead(200, { "content-type": RAW_STREAM });
      res.flushHeaders();
    },
    finish() {
      if (!res.writableEnded) res.end();
    },
  };
}
