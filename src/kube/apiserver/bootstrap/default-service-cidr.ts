import { type Clock, type Logger, rfc3339Seconds } from "../../../base/index.ts";
import { jsonEquals } from "../../../formats/index.ts";
import { isStatusError, type ServiceCIDR, serviceCidrs } from "../../api/index.ts";
import type { KubeClient } from "../../client/types.ts";

const NAME = "kubernetes";
const READY = "Ready";

export interface DefaultServiceCidrOptions {
  client: KubeClient;
  /** The range from which Services get their addresses, `10.96.0.0/16`. */
  cidr: string;
  logger: Logger;
  clock: Clock;
}

/** The object that tells the range of the cluster's Services (upstream's default-service-cidr controller). */
export async function writeDefaultServiceCidr(options: DefaultServiceCidrOptions): Promise<void> {
  const { client, cidr, logger, clock } = options;
  const current = await findOrCreate(client, cidr);
  const { metadata, spec, status } = current;
  const cidrs = spec.cidrs ?? [];
  if (metadata.deletionTimestamp !== undefined || status?.conditions?.some(({ type }) => type === READY))
    return;
  if (!jsonEquals(cidrs, [cidr])) {
    logger.warn("the default ServiceCIDR is not the range of this cluster", { cidrs, cidr });
    return;
  }
  const condition = {
    type: READY,
    status: "True",
    lastTransitionTime: rfc3339Seconds(clock.nowMs()),
    reason: "",
    message: "Kubernetes default Service CIDR is ready",
  };
  const conditions = [...(status?.conditions ?? []), condition];
  await client.updateStatus(serviceCidrs, { ...current, status: { conditions } });
}

async function findOrCreate(client: KubeClient, cidr: string): Promise<ServiceCIDR> {
  try {
    return await client.get(serviceCidrs, undefined, NAME);
  } catch (error) {
    if (!isStatusError(error, "NotFound")) throw error;
    return client.create(serviceCidrs, { metadata: { name: NAME }, spec: { cidrs: [cidr] } });
  }
}
