import { failureStatus, StatusError, statusBadRequest } from "../../api/index.ts";

/** Where a paged list goes on: at which revision, and after which key (relative to the list's prefix). */
export interface Continue {
  /** Absent: at the newest, for a client whose token had expired and that goes on inconsistently. */
  revision: number | undefined;
  startAfter: string | undefined;
}

/** The form of upstream's tokens (storage/continue.go), so that clients which look inside find what they know. */
export function encodeContinue({ revision, startAfter }: Continue): string {
  const token = { v: "meta.k8s.io/v1", rv: revision ?? -1, start: `${startAfter}\u0000` };
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

export function decodeContinue(text: string): Continue {
  try {
    const token = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as Record<string, unknown>;
    const { v, rv, start } = token;
    const isKnown =
      v === "meta.k8s.io/v1" && typeof start === "string" && start !== "" && Number.isInteger(rv) && rv !== 0;
    if (isKnown && !start.includes("..")) {
      return { revision: rv === -1 ? undefined : (rv as number), startAfter: start.replace(/\u0000$/, "") };
    }
  } catch {
    // Told below.
  }
  throw statusBadRequest("continue key is not valid: incorrect encoding of the token");
}

/** 410 for a token whose revision is no longer kept, with a token to go on from the same key at the newest revision. */
export function expiredContinue(startAfter: string | undefined): StatusError {
  const message =
    startAfter === undefined
      ? "The resourceVersion for the provided list is too old."
      : "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
  const status = failureStatus(410, "Expired", message);
  if (startAfter !== undefined)
    status.metadata.continue = encodeContinue({ revision: undefined, startAfter });
  return new StatusError(status);
}
