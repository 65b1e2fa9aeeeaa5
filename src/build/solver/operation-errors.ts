import { GantryError, isGantryError } from "../../base/index.ts";
import type { Vertex } from "./graph.ts";
import type { FailedOperation } from "./types.ts";

export function canceled(signal: AbortSignal): GantryError {
  const { reason } = signal;
  if (isGantryError(reason, "Canceled")) return reason;
  return new GantryError("Canceled", "context canceled", { code: "Build.Canceled", cause: reason });
}

/** Says of an error which operation met it (`details.operation`, a FailedOperation). */
export function failedOperation({ digest, name, locations }: Vertex, error: unknown): unknown {
  if (!isGantryError(error)) return error;
  const exitCode = error.details?.exitCode;
  const operation: FailedOperation = {
    digest,
    name,
    locations,
    ...(typeof exitCode === "number" ? { exitCode } : {}),
  };
  return new GantryError(error.kind, error.message, {
    code: error.code,
    details: { ...error.details, operation },
    cause: error,
    ...(error.hint ? { hint: error.hint } : {}),
  });
}
