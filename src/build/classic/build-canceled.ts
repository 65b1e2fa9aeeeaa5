import { GantryError } from "../../base/index.ts";

export function buildCanceled(signal: AbortSignal): GantryError {
  return new GantryError("Canceled", "Build cancelled", { code: "Build.Canceled", cause: signal.reason });
}
