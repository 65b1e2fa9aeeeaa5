import type { APIService, APIServiceCondition, KubeObject } from "../../api/index.ts";
import type { RemoteApiService } from "./aggregated-services.ts";

/** What is found out about an APIService: its condition `Available`, but for the time. */
export type Availability = Pick<APIServiceCondition, "status" | "reason" | "message">;

export const PASSED: Availability = { status: "True", reason: "Passed", message: "all checks passed" };

const unavailable = (reason: string, message: string): Availability => ({ status: "False", reason, message });

export function failedDiscovery(message: string): Availability {
  return unavailable("FailedDiscoveryCheck", message);
}

interface Slice {
  ports?: { name?: string }[];
  endpoints?: { conditions?: { ready?: boolean } }[];
}

/**
 * What is wrong with the Service that an APIService names; undefined: nothing, its server may be asked. `found` is that Service,
 * `slices` its EndpointSlices (kube-aggregator's remote availability controller).
 */
export function serviceProblem(
  { spec }: RemoteApiService,
  found: KubeObject | undefined,
  slices: readonly KubeObject[],
): Availability | undefined {
  const { name, namespace, port = 443 } = spec.service;
  const service = `service/${name} in ${JSON.stringify(namespace)}`;
  if (!found) return unavailable("ServiceNotFound", `${service} is not present`);
  // What is reached in another way has no port of its own, or it does not matter.
  if ((found.spec.type ?? "ClusterIP") !== "ClusterIP") return undefined;
  const ports = (found.spec.ports ?? []) as { name?: string; port: number }[];
  const wanted = ports.find((one) => one.port === port);
  if (!wanted) return unavailable("ServicePortError", `${service} is not listening on port ${port}`);
  if (slices.length === 0) return unavailable("EndpointsNotFound", `cannot find endpoints for ${service}`);
  const portName = wanted.name ?? "";
  if (slices.some((slice) => hasReady(slice as unknown as Slice, portName))) return undefined;
  return unavailable(
    "MissingEndpoints",
    `endpoints for ${service} have no addresses with port name ${JSON.stringify(portName)}`,
  );
}

function hasReady({ ports = [], endpoints = [] }: Slice, portName: string): boolean {
  return (
    ports.some(({ name = "" }) => name === portName) &&
    endpoints.some(({ conditions }) => conditions?.ready !== false)
  );
}

/** The APIService with the condition; the very same where it stands there already. `now` is a metav1.Time. */
export function withAvailability(service: APIService, found: Availability, now: string): APIService {
  const conditions = service.status?.conditions ?? [];
  const known = conditions.find(({ type }) => type === "Available");
  if (known?.status === found.status && known.reason === found.reason && known.message === found.message)
    return service;
  const since = known?.status === found.status ? known.lastTransitionTime : now;
  const next: APIServiceCondition = {
    type: "Available",
    ...(since === undefined ? {} : { lastTransitionTime: since }),
    ...found,
  };
  return {
    ...service,
    status: {
      ...service.status,
      conditions: known ? conditions.map((one) => (one === known ? next : one)) : [...conditions, next],
    },
  };
}
