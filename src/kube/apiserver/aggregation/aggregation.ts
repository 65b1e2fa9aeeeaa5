import type { Clock, Logger } from "../../../base/index.ts";
import type { KindDefinition } from "../../api/index.ts";
import { createInformerFactory } from "../../client/index.ts";
import type { KubeClient } from "../../client/types.ts";
import { localApiServices } from "../bootstrap/api-services.ts";
import { AutoRegister } from "./auto-register.ts";
import { AvailabilityController } from "./availability-controller.ts";
import { registerCustomGroups } from "./custom-api-services.ts";
import type { RemoteConnections } from "./remote-connections.ts";

export interface AggregationOptions {
  client: KubeClient;
  connections: RemoteConnections;
  /** What this server has itself, before any definitions. */
  builtIn: readonly KindDefinition[];
  logger: Logger;
  clock: Clock;
}

/** Keeps the APIServices: those of this server's groups, and what is known of all others. Ready once the own ones are right. */
export async function runAggregation(
  options: AggregationOptions,
  { signal, ready }: { signal: AbortSignal; ready: () => void },
): Promise<void> {
  const { client, connections, builtIn, logger, clock } = options;
  const informers = createInformerFactory(client, { logger, clock });
  const common = { client, informers, logger, clock };
  const registration = new AutoRegister(common);
  const availability = new AvailabilityController({ ...common, connections });
  for (const { metadata, spec } of localApiServices(builtIn))
    registration.want({ name: metadata.name, management: "onstart", spec });
  const running = [informers.run(signal), availability.run(signal)];
  try {
    // What definitions want is known before what nobody wants is taken away.
    await registerCustomGroups(informers, registration, signal);
    await registration.run({ signal, ready });
  } finally {
    await Promise.all(running);
  }
}
