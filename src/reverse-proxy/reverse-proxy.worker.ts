import { parentPort, workerData } from "node:worker_threads";
import { createLogger, errorMessage, type LogLevel, systemClock } from "../base/index.ts";
import { AccessLog } from "./access-log.ts";
import { Certificates } from "./certificates.ts";
import { ProxyEngine } from "./proxy-engine.ts";
import { ProxyMetrics } from "./proxy-metrics.ts";
import type { ProxyNews, ProxyOrder, ThreadData } from "./thread-messages.ts";
import type { VirtualHost } from "./types.ts";

// One of the proxy's threads: what passes from outside holds up nothing else of the program, and nothing else holds it up.
const { accessLogPath, isFirst, ownCertificate, ticketKeys } = workerData as ThreadData;
const tell = (news: ProxyNews): void => parentPort!.postMessage(news);
const log =
  (level: LogLevel) =>
  (message: string, fields: Record<string, unknown> = {}) =>
    tell({
      type: "log",
      level,
      message,
      fields: Object.fromEntries(
        Object.entries(fields).map(([key, value]) => [
          key,
          value instanceof Error ? errorMessage(value) : value,
        ]),
      ),
    });
const logger = {
  ...createLogger(() => {}, "error"),
  debug: log("debug"),
  info: log("info"),
  warn: log("warn"),
  error: log("error"),
};
const metrics = new ProxyMetrics();
const engine = new ProxyEngine({
  ...{ metrics, logger, clock: systemClock },
  certificates: new Certificates(logger, ownCertificate),
  shared: { isFirst, ticketKeys: Buffer.from(ticketKeys) },
  accessLog:
    accessLogPath === undefined
      ? undefined
      : new AccessLog({ path: accessLogPath, clock: systemClock, logger }),
  report: (reports) => tell({ type: "listeners", reports }),
});
let hosts = new Map<number, VirtualHost>();

function take(order: ProxyOrder): void {
  switch (order.type) {
    case "routes": {
      const known = new Map([...hosts, ...order.added]);
      const listeners = order.listeners.map((listener) => ({
        ...listener,
        hosts: listener.hosts.map((number) => known.get(number)!),
      }));
      hosts = new Map(
        order.listeners.flatMap((listener) => listener.hosts.map((number) => [number, known.get(number)!])),
      );
      void engine.setRoutes({ listeners });
      break;
    }
    case "backend":
      engine.setBackend(order.backend);
      break;
    case "remove":
      engine.removeBackend(order.name);
      break;
    case "counts":
      tell({ type: "counts", id: order.id, counts: metrics.counts() });
      break;
    case "close":
      void engine.close().then(() => tell({ type: "closed" }));
      break;
  }
}

parentPort!.on("message", take);
