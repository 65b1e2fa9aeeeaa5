import type { Logger } from "../../../base/index.ts";
import { statusInternal } from "../../api/index.ts";
import type { AuditBackend, AuditMode } from "./audit-backend.ts";
import type { AuditEvent } from "./audit-event.ts";
import type { AuditMetrics } from "./audit-metrics.ts";
import { EventBuffer } from "./event-buffer.ts";
import { legacyLine } from "./legacy-line.ts";
import { membersWithin } from "./truncation.ts";

/** Where the lines go, in turns: each call waits for the one before. */
export interface AuditOutput {
  append(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface AuditLogOptions {
  output: AuditOutput;
  mode: AuditMode;
  format: "json" | "legacy";
  /** Events that may wait. */
  bufferSize: number;
  /** `--audit-log-truncate-max-event-size`, where that is switched on. */
  maxEventBytes: number | undefined;
  metrics: AuditMetrics;
  logger: Logger;
}

const BUFFER_BYTES = 64 * 2 ** 20;
const AT_ONCE = 1000;

/** Writes events to a file or to standard out, one a line, while the requests go on. */
export class AuditLog implements AuditBackend {
  readonly #options: AuditLogOptions;
  readonly #buffer: EventBuffer;
  readonly #done: Promise<void>;
  #pushed = 0;
  #tried = 0;
  /** Lines that somebody waits for, by their numbers. */
  readonly #awaited = new Map<number, PromiseWithResolvers<void>>();

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#buffer = new EventBuffer({ maxEvents: options.bufferSize, maxBytes: BUFFER_BYTES });
    this.#done = this.#run();
  }

  process(event: AuditEvent): Promise<void> | undefined {
    const { mode, metrics } = this.#options;
    const line = this.#lineOf(event);
    if (line === undefined) {
      metrics.countError("truncate");
      return undefined;
    }
    if (mode === "batch" && !this.#buffer.hasRoom) {
      metrics.countError("buffered");
      return undefined;
    }
    this.#buffer.push(line);
    const number = ++this.#pushed;
    if (event.stage !== "RequestReceived" || mode === "batch") return undefined;
    if (mode === "blocking-strict") return this.#untilWritten(number);
    return this.#buffer.hasRoom ? undefined : this.#buffer.until(() => this.#buffer.hasRoom);
  }

  async close(): Promise<void> {
    this.#buffer.close();
    await this.#done;
    await this.#options.output.close();
  }

  #lineOf(event: AuditEvent): string | undefined {
    if (this.#options.format === "legacy") return legacyLine(event);
    const members = membersWithin(event, this.#options.maxEventBytes);
    return members && `{"kind":"Event","apiVersion":"audit.k8s.io/v1",${members}}\n`;
  }

  #untilWritten(number: number): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.#awaited.set(number, written);
    return written.promise;
  }

  #settle(lines: number, as: "written" | "lost"): void {
    for (let left = lines; left > 0; left--) {
      const written = this.#awaited.get(++this.#tried);
      if (!written) continue;
      this.#awaited.delete(this.#tried);
      if (as === "written") written.resolve();
      else {
        this.#options.metrics.rejected++;
        written.reject(statusInternal("failed to store audit event"));
      }
    }
  }

  async #run(): Promise<void> {
    const { output, metrics, logger } = this.#options;
    for (;;) {
      await this.#buffer.until(() => this.#buffer.size > 0);
      const lines = this.#buffer.take(AT_ONCE);
      if (lines.length === 0) return;
      try {
        await output.append(lines);
        this.#settle(lines.length, "written");
      } catch (error) {
        metrics.countError("log", lines.length);
        logger.error("audit events could not be written", { events: lines.length, error });
        this.#settle(lines.length, "lost");
      }
    }
  }
}
