import type { ErrorKind } from "../../base/index.ts";
import type { LayerFacts, UnpackLimits } from "./layer-operations.ts";

/** What a layer thread is started with. */
export type WorkerJob =
  | { type: "unpack"; file: string; dir: string; limits: UnpackLimits }
  | { type: "measure"; dir: string }
  /** Sends the archive in pieces; `credit` holds two Int32: bytes that may still be sent, and 1 once nobody wants more. */
  | { type: "pack"; dir: string; credit: SharedArrayBuffer };

export type WorkerMessage =
  | { type: "progress"; bytes: number }
  | { type: "piece"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "done"; facts?: LayerFacts }
  | { type: "failed"; kind: ErrorKind; code: string; message: string; hint?: string; stack?: string };
