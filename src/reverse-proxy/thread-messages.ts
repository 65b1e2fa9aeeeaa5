import type { LogLevel } from "../base/index.ts";
import type { Backend, Listener, ListenerReport, VirtualHost } from "./types.ts";

/** A listener whose hosts are told by their numbers: they change seldom, and tables often. */
export type SentListener = Omit<Listener, "hosts"> & { hosts: number[] };

/** To the proxy's thread. */
export type ProxyOrder =
  | { type: "routes"; listeners: SentListener[]; added: [number: number, host: VirtualHost][] }
  | { type: "backend"; backend: Backend }
  | { type: "remove"; name: string }
  | { type: "metrics"; id: number }
  | { type: "close" };

/** From it. */
export type ProxyNews =
  | { type: "listeners"; reports: ListenerReport[] }
  | { type: "metrics"; id: number; lines: string[] }
  | { type: "log"; level: LogLevel; message: string; fields: Record<string, unknown> }
  | { type: "closed" };
