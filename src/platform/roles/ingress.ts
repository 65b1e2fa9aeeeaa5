import { join } from "node:path";
import type { Clock, Logger, Service } from "../../base/index.ts";
import { createEventRecorder, LeaderElection } from "../../kube/client/index.ts";
import { IngressController } from "../../kube/ingress/index.ts";
import { ReverseProxy } from "../../reverse-proxy/index.ts";
import { nodeAddress } from "../cluster/node-address.ts";
import type { PlatformConfig } from "../config.ts";
import type { HomeLayout } from "../home.ts";
import { openCloseService } from "../open-close.ts";
import type { Slot } from "../slot.ts";
import { withInformers } from "../with-informers.ts";
import type { ControlPlane } from "./control-plane.ts";
import { asController } from "./identities.ts";

export interface IngressRole {
  plane: Pick<ControlPlane, "clientAs" | "kinds" | "settings">;
  /** Filled when it begins. */
  proxy: Slot<ReverseProxy>;
  layout: HomeLayout;
  config: PlatformConfig;
  logger: Logger;
  clock: Clock;
}

const NAME = "ingress-controller";
/** How long somebody who asks for metrics waits for the proxy's thread. */
const METRICS_MS = 1_000;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/** Traffic from outside to Services, by Ingresses and Gateways; pods are reached from here as from their node. */
export function ingress({ plane, proxy: slot, layout, config, logger, clock }: IngressRole): Service {
  const name = "ingress";
  if (config.ingress === false) return openCloseService(name, [], async () => () => {});
  return withInformers({
    name,
    needs: ["apiserver", "pod-network"],
    client: () => plane.clientAs(asController(NAME), NAME),
    run: async (client, informers, context) => {
      const proxy = new ReverseProxy({ accessLogPath: join(layout.logs, "ingress-access.log"), logger });
      slot.fill(proxy);
      const recorder = createEventRecorder({ client, component: NAME, clock, logger });
      const election = () => {
        const identity = `${config.nodeName}_${config.machine}`;
        return new LeaderElection({ client, namespace: "kube-system", name: NAME, identity, logger, clock });
      };
      const controller = new IngressController({
        ...{ client, informers, recorder, proxy, logger, clock },
        kinds: plane.kinds(),
        ports: { http: config.ingressHttpPort ?? HTTP_PORT, https: config.ingressHttpsPort ?? HTTPS_PORT },
        addresses: [nodeAddress(config, plane.settings.value)],
        // In an etcd there may be other servers, which serve the same.
        ...(config.store === "embedded"
          ? {}
          : { whileLeading: (signal, work) => election().run(signal, work) }),
      });
      try {
        await controller.run(context);
      } finally {
        await Promise.all([proxy.close(), recorder.stop()]);
      }
    },
    logger,
    clock,
  });
}

/** None while the proxy's thread has no time for it, or there is none. */
export async function proxyMetrics(
  proxy: ReverseProxy | undefined,
  clock: Clock,
): Promise<readonly string[]> {
  if (!proxy) return [];
  const told = new AbortController();
  const late = clock.sleep(METRICS_MS, told.signal).then(
    () => [],
    () => [],
  );
  try {
    return await Promise.race([proxy.metrics(), late]);
  } finally {
    told.abort();
  }
}
