import type { Socket } from "node:net";
import type { RangeOptions, SnapshotInfo, WatchOptions } from "../../src/store/index.ts";

// What the harness and the store's process say to each other: one JSON text a line, values as text, or the ids of those who wrote them.

export interface WireItem {
  key: string;
  /** Of the write whose value it has; the value itself would be most of what is sent. */
  id: string;
  createRevision: number;
  modRevision: number;
  version: number;
}

export type WireOperation =
  | { type: "put"; key: string; value: string; lease?: number }
  | { type: "delete"; key: string }
  | { type: "deletePrefix"; prefix: string }
  | { type: "get"; key: string };

export interface WireTransaction {
  compare: { key: string; target: "modRevision" | "version"; operator: "="; value: number }[];
  success: WireOperation[];
  failure: WireOperation[];
}

export interface WireResult {
  previous?: WireItem[];
  item?: WireItem;
}

export interface WireEvent {
  type: "put" | "delete";
  item: WireItem;
  previous?: WireItem;
}

export interface WireBatch {
  revision: number;
  progress: boolean;
  events: WireEvent[];
}

export type WireWatch = Omit<WatchOptions, "signal">;

/** Each call with what it takes and gives. */
export interface Calls {
  transact: {
    takes: WireTransaction;
    gives: { succeeded: boolean; revision: number; results: WireResult[] };
  };
  get: { takes: { key: string; revision: number }; gives: { item?: WireItem; revision: number } };
  range: {
    takes: { prefix: string } & RangeOptions;
    gives: { items: WireItem[]; count: number; more: boolean; revision: number };
  };
  status: { takes: object; gives: { revision: number; compactRevision: number } };
  compact: { takes: { revision: number }; gives: object };
  check: { takes: object; gives: { problems: { code: string; message: string }[] } };
  grantLease: { takes: { ttlSeconds: number }; gives: { id: number; ttlSeconds: number } };
  keepLeaseAlive: { takes: { lease: number }; gives: { ttlSeconds: number } };
  revokeLease: { takes: { lease: number }; gives: object };
  snapshot: { takes: { file: string }; gives: SnapshotInfo };
  defragment: { takes: object; gives: object };
  /** Only where the process was started with a clock that can be moved. */
  moveClock: { takes: { offsetMs: number; driftPerSecond: number }; gives: object };
  watch: { takes: WireWatch; gives: { code: string } };
  cancel: { takes: { watch: number }; gives: object };
}
export type CallName = keyof Calls;

export type Request = {
  [Name in CallName]: { id: number; call: Name; takes: Calls[Name]["takes"] };
}[CallName];
/** A batch of a running watch, or the end of a call. */
export type Response =
  | { id: number; batch: WireBatch }
  | { id: number; gives: object }
  | { id: number; error: { code: string; message: string } };

/** Calls back with each whole line. */
export function readLines(socket: Socket, onLine: (line: string) => void): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
  });
}
