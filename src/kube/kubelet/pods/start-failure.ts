import { GantryError } from "../../../base/index.ts";

/** A container could not be started; `reason` and the message stand in its waiting state. */
export class StartFailure extends GantryError {
  readonly reason: string;
  /** When another try makes sense; absent: when something changes, or after the usual pause. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, message: string, retryAfterMs?: number, cause?: unknown) {
    super("Unavailable", message, { code: `Kubelet.${reason}`, cause });
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}
