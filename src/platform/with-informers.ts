import type { Clock, Logger, Service, ServiceContext } from "../base/index.ts";
import { createInformerFactory, type InformerFactory, type KubeClient } from "../kube/client/index.ts";

export interface PartWithInformers {
  name: string;
  needs: readonly string[];
  /** Who it is towards the API; asked when the part starts. */
  client: () => KubeClient;
  run: (client: KubeClient, informers: InformerFactory, context: ServiceContext) => Promise<void>;
  /** Where what it knows is kept for a start without a server; absent: nowhere. */
  keptIn?: string | undefined;
  logger: Logger;
  clock: Clock;
}

/** A service that sees the API through informers of its own, which live as long as it does. */
export function withInformers(part: PartWithInformers): Service {
  const { name, needs, client, run, keptIn, logger, clock } = part;
  return {
    name,
    needs,
    async run(context) {
      const own = client();
      const informers = createInformerFactory(own, {
        logger,
        clock,
        ...(keptIn === undefined ? {} : { keptIn }),
      });
      await Promise.all([informers.run(context.signal), run(own, informers, context)]);
    },
  };
}
