import { AUDIT_LEVELS, type AuditLevel } from "./audit-event.ts";

/** What is counted of an audit log. */
export class AuditMetrics {
  events = 0;
  /** Requests that were refused because their event was not written. */
  rejected = 0;
  /** By level. */
  readonly levels = new Map<AuditLevel, number>(AUDIT_LEVELS.map((level) => [level, 0]));
  /** Events that were lost, by the plugin that lost them: `log`, `webhook`, `buffered`, `truncate`. */
  readonly errors = new Map<string, number>();

  countEvent(): void {
    this.events++;
  }

  countLevel(level: AuditLevel): void {
    this.levels.set(level, this.levels.get(level)! + 1);
  }

  countError(plugin: string, events = 1): void {
    this.errors.set(plugin, (this.errors.get(plugin) ?? 0) + events);
  }
}
