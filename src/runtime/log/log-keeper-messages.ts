import type { KeptLog } from "./log-keeping.ts";

export type KeeperRequest = { type: "keep"; id: string; log: KeptLog } | { type: "release"; id: string };

export type KeeperAnswer = { type: "released"; id: string } | { type: "failed"; id: string; message: string };
