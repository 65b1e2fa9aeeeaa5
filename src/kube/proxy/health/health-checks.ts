import type { Clock, Logger } from "../../../base/index.ts";
import type { Service } from "../../api/index.ts";
import type { EventRecorder } from "../../client/index.ts";
import type { NodePortAddresses } from "../node-port-addresses.ts";
import type { ServiceEndpoint } from "../service-endpoint.ts";
import { serveHealthPort } from "./health-port.ts";
import { ProxyHealth } from "./proxy-health.ts";
import { type HealthCheckedService, ServiceHealth } from "./service-health.ts";

export interface HealthChecksOptions {
  nodeName: string;
  /** Absent: `/healthz` is not served. */
  healthPort?: number;
  nodePorts: NodePortAddresses;
  recorder?: EventRecorder;
  logger: Logger;
  clock: Clock;
}

/** What load balancers outside ask a node: whether it is well, and whether it has endpoints of a Service. */
export class HealthChecks {
  readonly proxy: ProxyHealth;
  readonly #options: HealthChecksOptions;
  readonly #services: ServiceHealth;

  constructor(options: HealthChecksOptions) {
    const { nodeName, nodePorts, logger, clock, recorder } = options;
    this.#options = options;
    this.proxy = new ProxyHealth(clock);
    this.#services = new ServiceHealth({
      nodeName,
      hosts: () => nodePorts.hosts(),
      isProxyHealthy: () => this.proxy.isHealthy,
      onFailure: ({ namespace, name }, message) => {
        // As upstream's, of which the Service's name stands for its uid.
        const metadata = { namespace, name, uid: `${namespace}/${name}` };
        const subject = { apiVersion: "v1", kind: "Service", metadata };
        recorder?.event(subject, "Warning", "FailedToStartServiceHealthcheck", message);
      },
      logger,
    });
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { healthPort: port, logger, clock } = this.#options;
    if (port !== undefined) await serveHealthPort({ health: this.proxy, port, logger, clock }, { signal });
    else if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }
    await this.#services.close();
  }

  /** What of a Service's port could not be opened is tried again. */
  retry(): void {
    void this.#services.retry();
  }

  serviceIs(
    key: string,
    service: Service | undefined,
    ports: readonly { endpoints: readonly ServiceEndpoint[] }[],
  ): void {
    this.#services.set(key, service && ports.length > 0 ? checkOf(service, ports) : undefined);
  }
}

function checkOf(
  { metadata, spec }: Service,
  ports: readonly { endpoints: readonly ServiceEndpoint[] }[],
): HealthCheckedService | undefined {
  const port = spec?.healthCheckNodePort;
  if (!port || spec.type !== "LoadBalancer" || spec.externalTrafficPolicy !== "Local") return undefined;
  const ready = ports.flatMap(({ endpoints }) => endpoints).filter((one) => one.isLocal && one.isReady);
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    port,
    localEndpoints: new Set(ready.map(({ ip }) => ip)).size,
  };
}
