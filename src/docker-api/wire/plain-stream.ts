import { Readable } from "node:stream";
import type { ApiContext } from "../api-context.ts";
import { MULTIPLEXED_STREAM, RAW_STREAM } from "./frames.ts";
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
    accept({ raw }) {
      if (res.headersSent || res.destroyed) return;
      res.writeHead(200, { "content-type": raw ? RAW_STREAM : MULTIPLEXED_STREAM });
      res.flushHeaders();
    },
    finish() {
      if (!res.writableEnded) res.end();
    },
  };
}
