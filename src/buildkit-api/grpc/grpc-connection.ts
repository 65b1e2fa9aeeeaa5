import type { Http2Session, SessionOptions } from "node:http2";

/** What one stream may send before it is read: of a context that is read by several at once, each file has some of it. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
const MAX_STREAMS = 256;
/** In MB, as Node counts what waits to be sent and what streams and headers take. */
const SESSION_MEMORY_MB = 64;

export function connectionOptions(): SessionOptions {
  return {
    maxSessionMemory: SESSION_MEMORY_MB,
    settings: {
      enablePush: false,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxConcurrentStreams: MAX_STREAMS,
      maxFrameSize: 64 * 1024,
      maxHeaderListSize: 2 * 1024 * 1024,
    },
  };
}

export function openWindow(session: Http2Session): void {
  if (session.destroyed) return;
  if (session.connecting) session.once("connect", () => openWindow(session));
  else session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
}
