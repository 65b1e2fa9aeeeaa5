import { GantryError } from "../../../base/index.ts";

/** Volumes could not be set up: the pod waits, and is told with an event. */
export class VolumeError extends GantryError {
  constructor(message: string, cause?: unknown) {
    super("Unavailable", message, { code: "Kubelet.FailedMount", cause });
  }
}

/** What upstream calls one step of mounting a volume, and why it failed. */
export function mountFailed(step: string, volume: string, cause: unknown): VolumeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new VolumeError(`MountVolume.${step} failed for volume "${volume}" : ${why}`, cause);
}
