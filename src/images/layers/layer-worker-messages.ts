import type { ErrorKind } from "../../base/index.ts";
import type { LayerFacts, UnpackLimits } from "./layer-operations.ts";

/** What a layer thread is started with. */
export type WorkerJob =
  | { type: "unpack"; file: string; dir: string; limits: UnpackLimits }
  | { type: "measure"; dir: string }
  /** Sends the archive in pieces; `credit` holds one Int32: bytes that may still be sent. */
  | { type: "pack"; dir: string; credit: SharedArrayBuffer };

export type WorkerMessage =
  | { type: "progress"; bytes: number }
  | { type: "piece"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "done"; facts?: LayerFacts }
  | { type: "failed"; kind: ErrorKind; code: string; message: string; stack?: string };
