import type { LogLevel } from "../base/index.ts";
import type { ProxyCounts } from "./proxy-metrics.ts";
import type { Backend, Listener, ListenerReport, VirtualHost } from "./types.ts";

/** A listener whose hosts are told by their numbers: they change seldom, and tables often. */
export type SentListener = Omit<Listener, "hosts"> & { hosts: number[] };

/** What a thread is begun with. */
export interface ThreadData {
  accessLogPath: string | undefined;
  /** It makes sure that nobody else has the ports. */
  isFirst: boolean;
  /** For names that nobody has brought a certificate for. */
  ownCertificate: { cert: string; key: string };
  /** So that any thread resumes a session of TLS. */
  ticketKeys: Uint8Array;
}

/** To the proxy's thread. */
export type ProxyOrder =
  | { type: "routes"; listeners: SentListener[]; added: [number: number, host: VirtualHost][] }
  | { type: "backend"; backend: Backend }
  | { type: "remove"; name: string }
  | { type: "counts"; id: number }
  | { type: "close" };

/** From it. */
export type ProxyNews =
  | { type: "listeners"; reports: ListenerReport[] }
  | { type: "counts"; id: number; counts: ProxyCounts }
  | { type: "log"; level: LogLevel; message: string; fields: Record<string, unknown> }
  | { type: "closed" };
