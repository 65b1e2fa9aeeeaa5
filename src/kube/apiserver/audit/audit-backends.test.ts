import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { silentLogger, systemClock } from "../../../base/index.ts";
import { KubeconfigWebhook } from "../webhook/kubeconfig-webhook.ts";
import type { AuditMode } from "./audit-backend.ts";
import type { AuditEvent } from "./audit-event.ts";
import { AuditLog } from "./audit-log.ts";
import { AuditMetrics } from "./audit-metrics.ts";
import { AuditWebhook, type BatchOptions, WEBHOOK_BATCHES } from "./audit-webhook.ts";

const event = (auditId: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  level: "Request",
  auditId,
  stage: "RequestReceived",
  requestUri: "/api/v1/pods",
  verb: "list",
  user: { name: "ada", groups: ["g"] },
  impersonatedUser: undefined,
  sourceIps: ["192.0.2.1"],
  userAgent: "t",
  object: { resource: "pods", namespace: "n" },
  status: undefined,
  requestObject: undefined,
  responseObject: undefined,
  receivedAt: "2025-01-31T12:00:00.120000Z",
  stageAt: "2025-01-31T12:00:00.120000Z",
  annotations: new Map(),
  ...more,
});

/** Takes lines when it is let to. */
class SlowOutput {
  readonly lines: string[] = [];
  #gate = Promise.withResolvers<void>();

  async append(lines: readonly string[]): Promise<void> {
    await this.#gate.promise;
    this.lines.push(...lines);
  }

  async close(): Promise<void> {}

  open(): void {
    this.#gate.resolve();
  }

  break(): void {
    this.#gate.reject(new Error("no space left"));
  }
}

describe("the audit log's file", () => {
  const logOf = (mode: AuditMode, more: object = {}) => {
    const output = new SlowOutput();
    const metrics = new AuditMetrics();
    const options = { bufferSize: 2, maxEventBytes: undefined, format: "json" as const, ...more };
    return {
      output,
      metrics,
      log: new AuditLog({ output, mode, metrics, logger: silentLogger, ...options }),
    };
  };
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  it("loses events in batch mode where they come too fast, and counts them", async () => {
    const { log, output, metrics } = logOf("batch");
    expect(log.process(event("0"))).toBeUndefined();
    await turn();
    for (const id of ["1", "2", "3", "4"]) expect(log.process(event(id))).toBeUndefined();
    output.open();
    await log.close();
    expect(output.lines.map((line) => JSON.parse(line).auditID)).toEqual(["0", "1", "2"]);
    expect(metrics.errors.get("buffered")).toBe(2);
  });

  it("has requests wait in blocking mode until there is room", async () => {
    const { log, output } = logOf("blocking");
    log.process(event("0"));
    await turn();
    expect(log.process(event("1"))).toBeUndefined();
    const waits = log.process(event("2"));
    expect(waits).toBeInstanceOf(Promise);
    // A request that is done waits for nobody.
    expect(log.process(event("2", { stage: "ResponseComplete" }))).toBeUndefined();
    output.open();
    await waits;
    await log.close();
    expect(output.lines).toHaveLength(4);
  });

  it("fails requests in strict mode whose event is not written", async () => {
    const { log, output, metrics } = logOf("blocking-strict");
    const waits = log.process(event("0"));
    output.break();
    await expect(waits).rejects.toThrow("failed to store audit event");
    await log.close();
    expect(metrics.rejected).toBe(1);
    expect(metrics.errors.get("log")).toBe(1);
  });

  it("leaves out objects that are too big, and events that are too big without", async () => {
    const { log, output, metrics } = logOf("blocking", { maxEventBytes: 1000 });
    log.process(event("0", { requestObject: JSON.stringify({ a: "x".repeat(2000) }) }));
    log.process(event("1", { requestUri: "x".repeat(2000) }));
    output.open();
    await log.close();
    expect(output.lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ auditID: "0", annotations: { "audit.k8s.io/truncated": "true" } }),
    ]);
    expect(metrics.errors.get("truncate")).toBe(1);
  });

  it("may be in upstream's old form", async () => {
    const { log, output } = logOf("blocking", { format: "legacy" });
    log.process(event("0", { status: { code: 200 }, stage: "ResponseComplete" }));
    output.open();
    await log.close();
    expect(output.lines).toEqual([
      '2025-01-31T12:00:00.12Z AUDIT: id="0" stage="ResponseComplete" ip="192.0.2.1" method="list" user="ada" groups="\\"g\\"" as="<self>" asgroups="<lookup>" user-agent="t" namespace="n" uri="/api/v1/pods" response="200"\n',
    ]);
  });
});

describe("the audit log's webhook", () => {
  let server: Server;
  afterEach(() => void server.close());

  async function webhookTo(answer: () => number, batches: Partial<BatchOptions>, mode: AuditMode = "batch") {
    // biome-ignore lint/suspicious/noExplicitAny: tests look into it
    const lists: any[] = [];
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      lists.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(answer()).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
    const target = {
      url,
      ca: undefined,
      cert: undefined,
      key: undefined,
      authorization: undefined,
      serverName: undefined,
      isVerified: true,
    };
    const metrics = new AuditMetrics();
    const clock = systemClock;
    const webhook = new KubeconfigWebhook({
      target,
      userAgent: "u",
      initialBackoffMs: 1,
      attempts: 3,
      retriesAlways: true,
      timeoutMs: 5000,
      clock,
    });
    const audit = new AuditWebhook({
      webhook,
      mode,
      batches: { ...WEBHOOK_BATCHES, ...batches },
      maxEventBytes: undefined,
      metrics,
      logger: silentLogger,
      clock,
    });
    return { audit, lists, metrics };
  }

  it("gets batches: full ones at once, others after a while, the last at the end", async () => {
    const { audit, lists } = await webhookTo(() => 200, { maxBatchSize: 2, maxWaitMs: 20 });
    for (const id of ["0", "1", "2"]) audit.process(event(id));
    await vi.waitFor(() => expect(lists.map(({ items }) => items.length)).toEqual([2, 1]));
    audit.process(event("3"));
    await audit.close();
    expect(lists[2]).toEqual({
      kind: "EventList",
      apiVersion: "audit.k8s.io/v1",
      metadata: {},
      items: [expect.objectContaining({ auditID: "3", level: "Request" })],
    });
    expect(lists[2].items[0]).not.toHaveProperty("kind");
  });

  it("gets what it did not take again, so many times", async () => {
    const answers = [500, 403, 200, 500, 500, 500];
    const { audit, lists, metrics } = await webhookTo(() => answers.shift()!, { maxBatchSize: 1 });
    audit.process(event("0"));
    await vi.waitFor(() => expect(answers).toHaveLength(3));
    audit.process(event("1"));
    await audit.close();
    expect(lists.map(({ items }) => items[0].auditID)).toEqual(["0", "0", "0", "1", "1", "1"]);
    expect(metrics.errors.get("webhook")).toBe(1);
  });

  it("fails requests in strict mode where it takes nothing", async () => {
    const { audit, metrics } = await webhookTo(() => 500, {}, "blocking-strict");
    await expect(audit.process(event("0"))).rejects.toThrow("failed to store audit event");
    await audit.process(event("0", { stage: "ResponseComplete" }));
    await audit.close();
    expect(metrics.rejected).toBe(1);
  });
});
