import { type Clock, errorMessage, type Logger } from "../../../base/index.ts";
import { statusInternal } from "../../api/index.ts";
import { TokenBucket } from "../token-bucket.ts";
import type { KubeconfigWebhook } from "../webhook/kubeconfig-webhook.ts";
import type { AuditBackend, AuditMode } from "./audit-backend.ts";
import type { AuditEvent } from "./audit-event.ts";
import type { AuditMetrics } from "./audit-metrics.ts";
import { EventBuffer } from "./event-buffer.ts";
import { membersWithin } from "./truncation.ts";

/** How events become batches. */
export interface BatchOptions {
  /** Events that may wait. */
  bufferSize: number;
  maxBatchSize: number;
  /** A batch that is not full goes after so long. */
  maxWaitMs: number;
  /** Absent: as fast as they come. */
  throttle?: { batchesPerSecond: number; burst: number };
}

/** Upstream's for a webhook. */
export const WEBHOOK_BATCHES: BatchOptions = {
  bufferSize: 10_000,
  maxBatchSize: 400,
  maxWaitMs: 30_000,
  throttle: { batchesPerSecond: 10, burst: 15 },
};

export interface AuditWebhookOptions {
  webhook: Pick<KubeconfigWebhook, "post" | "close">;
  mode: AuditMode;
  batches: BatchOptions;
  maxEventBytes: number | undefined;
  metrics: AuditMetrics;
  logger: Logger;
  clock: Clock;
}

const BUFFER_BYTES = 64 * 2 ** 20;
/** Upstream sends as many as the throttle lets go, however long each takes. */
const MAX_UNDER_WAY = 16;
/** After the end nothing is tried again and again. */
const CLOSE_MS = 5_000;

/** Sends events to a webhook in batches, each with several tries. */
export class AuditWebhook implements AuditBackend {
  readonly #options: AuditWebhookOptions;
  readonly #buffer: EventBuffer;
  readonly #bucket: TokenBucket | undefined;
  readonly #underWay = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: AuditWebhookOptions) {
    this.#options = options;
    const { bufferSize, throttle } = options.batches;
    this.#buffer = new EventBuffer({ maxEvents: bufferSize, maxBytes: BUFFER_BYTES });
    this.#bucket =
      throttle &&
      new TokenBucket({
        perSecond: throttle.batchesPerSecond,
        burst: throttle.burst,
        clock: options.clock,
      });
    this.#done = this.#run();
  }

  process(event: AuditEvent): Promise<void> | undefined {
    const { mode, metrics, maxEventBytes } = this.#options;
    const members = membersWithin(event, maxEventBytes);
    if (members === undefined) {
      metrics.countError("truncate");
      return undefined;
    }
    if (mode !== "batch") return this.#sendAtOnce(event, members);
    if (this.#buffer.hasRoom) this.#buffer.push(members);
    else metrics.countError("buffered");
    return undefined;
  }

  async close(): Promise<void> {
    const { clock, webhook } = this.#options;
    this.#buffer.close();
    const cancel = clock.after(CLOSE_MS, () => this.#ending.abort());
    await this.#done;
    await Promise.all(this.#underWay);
    cancel();
    webhook.close();
  }

  async #sendAtOnce(event: AuditEvent, members: string): Promise<void> {
    const isSent = await this.#send([members]);
    const { mode, metrics } = this.#options;
    if (isSent || mode !== "blocking-strict" || event.stage !== "RequestReceived") return;
    metrics.rejected++;
    throw statusInternal("failed to store audit event");
  }

  async #run(): Promise<void> {
    const { batches, clock } = this.#options;
    const { maxBatchSize, maxWaitMs } = batches;
    for (;;) {
      await this.#buffer.until(() => this.#buffer.size > 0);
      let isLate = false;
      const cancel = clock.after(maxWaitMs, () => {
        isLate = true;
        this.#buffer.wake();
      });
      await this.#buffer.until(() => isLate || this.#buffer.size >= maxBatchSize);
      cancel();
      const batch = this.#buffer.take(maxBatchSize);
      if (batch.length === 0) return;
      if (!this.#buffer.isClosed) await this.#bucket?.take();
      if (this.#underWay.size >= MAX_UNDER_WAY) await Promise.race(this.#underWay);
      const sent = this.#send(batch).then(() => void this.#underWay.delete(sent));
      this.#underWay.add(sent);
    }
  }

  /** Whether it came there. */
  async #send(batch: readonly string[]): Promise<boolean> {
    const { webhook, metrics, logger } = this.#options;
    const items = batch.map((members) => `{${members}}`).join(",");
    try {
      const body = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items}]}`;
      await webhook.post(body, this.#ending.signal);
      return true;
    } catch (error) {
      metrics.countError("webhook", batch.length);
      logger.error("audit events could not be sent", { events: batch.length, error: errorMessage(error) });
      return false;
    }
  }
}
