import type { Clock, Logger } from "../../../base/index.ts";
import type { KubeconfigTarget } from "../webhook/kubeconfig-target.ts";
import { KubeconfigWebhook } from "../webhook/kubeconfig-webhook.ts";
import { type AuditBackend, type AuditMode, auditBackends } from "./audit-backend.ts";
import { AuditLog, type AuditOutput } from "./audit-log.ts";
import type { AuditMetrics } from "./audit-metrics.ts";
import { AuditObserver } from "./audit-observer.ts";
import type { AuditPolicy } from "./audit-policy.ts";
import { AuditWebhook, type BatchOptions } from "./audit-webhook.ts";
import { RotatingFile, type RotatingFileOptions } from "./rotating-file.ts";

/** Where the events of an audit log go, by upstream's flags `--audit-…`. */
export interface AuditOptions {
  policy: AuditPolicy;
  log?: AuditLogFlags;
  webhook?: AuditWebhookFlags;
}

export interface AuditLogFlags {
  /** A file, or what takes each text. */
  to: Omit<RotatingFileOptions, "clock"> | ((text: string) => void);
  mode: AuditMode;
  format: "json" | "legacy";
  bufferSize: number;
  maxEventBytes?: number;
}

export interface AuditWebhookFlags {
  target: KubeconfigTarget;
  mode: AuditMode;
  batches: BatchOptions;
  initialBackoffMs: number;
  maxEventBytes?: number;
}

export interface ServerAuditOptions {
  metrics: AuditMetrics;
  logger: Logger;
  clock: Clock;
}

/** client-go's defaults of retries (webhook.DefaultRetryBackoffWithInitialDelay), and of a request's time. */
const ATTEMPTS = 5;
const TIMEOUT_MS = 30_000;

/** The audit log of a server: `observer` hears of requests from `open` on. */
export class ServerAudit {
  readonly observer: AuditObserver;
  readonly #backend: AuditBackend;
  readonly #file: RotatingFile | undefined;

  constructor({ policy, log, webhook }: AuditOptions, options: ServerAuditOptions) {
    const { metrics, clock } = options;
    this.#file = log && typeof log.to !== "function" ? new RotatingFile({ ...log.to, clock }) : undefined;
    this.#backend = auditBackends([
      ...(log ? [this.#logOf(log, options)] : []),
      ...(webhook ? [webhookOf(webhook, options)] : []),
    ]);
    this.observer = new AuditObserver({ policy, backend: this.#backend, metrics, clock });
  }

  /** Fails where the file cannot be written. */
  async open(): Promise<void> {
    await this.#file?.open();
  }

  async close(): Promise<void> {
    await this.#backend.close();
  }

  #logOf({ to, mode, format, bufferSize, maxEventBytes }: AuditLogFlags, options: ServerAuditOptions) {
    const output = typeof to === "function" ? outputTo(to) : this.#file!;
    return new AuditLog({ output, mode, format, bufferSize, maxEventBytes, ...options });
  }
}

function outputTo(write: (text: string) => void): AuditOutput {
  return { append: async (lines) => write(lines.join("")), close: async () => {} };
}

function webhookOf(
  { target, initialBackoffMs, ...flags }: AuditWebhookFlags,
  options: ServerAuditOptions,
): AuditBackend {
  const webhook = new KubeconfigWebhook({
    target,
    userAgent: "kube-apiserver-audit",
    initialBackoffMs,
    attempts: ATTEMPTS,
    retriesAlways: true,
    timeoutMs: TIMEOUT_MS,
    clock: options.clock,
  });
  return new AuditWebhook({ webhook, ...flags, maxEventBytes: flags.maxEventBytes, ...options });
}
