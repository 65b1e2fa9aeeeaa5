import type { AuditEvent } from "./audit-event.ts";

/** Where audit events go. */
export interface AuditBackend {
  /** Takes an event. The request waits for what is promised; where that fails, the request does. */
  process(event: AuditEvent): Promise<void> | undefined;
  /** Resolves when what was taken is written, or given up. */
  close(): Promise<void>;
}

/** Several of them, each with all events. */
export function auditBackends(all: readonly AuditBackend[]): AuditBackend {
  return {
    process(event) {
      const waits = all.map((one) => one.process(event)).filter((wait) => wait !== undefined);
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => {});
    },
    close: async () => void (await Promise.all(all.map((one) => one.close()))),
  };
}

/** What happens while events come faster than they can be written, and where that fails. */
export type AuditMode =
  /** Events are lost rather than that anybody waits. */
  | "batch"
  /** Requests wait until there is room. */
  | "blocking"
  /** Requests wait until it is written that they have come, and fail where that fails. */
  | "blocking-strict";

export const AUDIT_MODES: readonly AuditMode[] = ["batch", "blocking", "blocking-strict"];
