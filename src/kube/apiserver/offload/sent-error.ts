import { errorMessage, GantryError, isGantryError } from "../../../base/index.ts";
import { StatusError } from "../../api/index.ts";
import type { SentError } from "./thread-messages.ts";

/** An error on its way between threads. */
export function toSentError(error: unknown): SentError {
  if (!isGantryError(error)) {
    const stack = error instanceof Error ? { stack: error.stack ?? "" } : {};
    return { kind: "Internal", code: "Internal", message: errorMessage(error), ...stack };
  }
  const { kind, code, message, details } = error;
  return {
    kind,
    code,
    message,
    ...(details ? { details } : {}),
    ...(error instanceof StatusError ? { status: error.status } : {}),
  };
}

export function fromSentError({ kind, code, message, details, status, stack }: SentError): GantryError {
  if (status) return new StatusError(status);
  return new GantryError(kind, message, { code, details: stack ? { ...details, stack } : (details ?? {}) });
}
