import type { Backend, RouteFilter, WeightedBackend } from "../../../reverse-proxy/index.ts";
import { servicePort } from "../backends/service-endpoints.ts";
import { referenceOf } from "../ingress/ingress-backends.ts";
import type { BackendReference } from "../routes/contribution.ts";
import { judgePolicy, policiesFor } from "./backend-tls.ts";
import { type Verdict, verdict } from "./conditions.ts";
import { GATEWAY_GROUP, type RouteKind } from "./gateway-kinds.ts";
import type { GatewayLookup } from "./gateway-lookup.ts";
import type { BackendObjectReference, Route, RouteBackendReference } from "./gateway-types.ts";
import { isGranted } from "./reference-grants.ts";

type Found = { name: string } | { status: 500 | 503 };

/** The Services that a route refers to, and what is wrong with the references. */
export class RouteBackends {
  readonly references = new Map<string, BackendReference>();
  /** Keys of the BackendTLSPolicies for what is referred to, also of those that others come before. */
  readonly policies = new Set<string>();
  #problem: Verdict | undefined;
  readonly #route: Route;
  readonly #kind: RouteKind;
  readonly #lookup: GatewayLookup;

  constructor(route: Route, kind: RouteKind, lookup: GatewayLookup) {
    this.#route = route;
    this.#kind = kind;
    this.#lookup = lookup;
  }

  get resolved(): Verdict {
    return this.#problem ?? verdict("ResolvedRefs", true, "ResolvedRefs", "all references are resolved");
  }

  /** What cannot be referred to has its share of the requests, which are answered with 500. */
  weighted(
    { weight = 1, filters: _filters, ...reference }: RouteBackendReference,
    filters: readonly RouteFilter[],
  ): WeightedBackend {
    const found = this.#find(reference);
    if ("status" in found)
      return { backend: "", weight, filters: [{ type: "respond", status: found.status }] };
    return { backend: found.name, weight, ...(filters.length > 0 ? { filters } : {}) };
  }

  /** The name of a backend in the table; absent: it is none. */
  nameOf(reference: BackendObjectReference): string | undefined {
    const found = this.#find(reference);
    return "name" in found ? found.name : undefined;
  }

  #find({ group = "", kind = "Service", name, namespace, port }: BackendObjectReference): Found {
    const own = this.#route.metadata.namespace!;
    const there = namespace ?? own;
    const key = `${there}/${name}`;
    if (group !== "" || kind !== "Service")
      return this.#refuse("InvalidKind", `${kind} ${name} is no Service`);
    const from = { group: GATEWAY_GROUP, kind: this.#kind, namespace: own };
    const to = { group, kind, namespace: there, name };
    if (there !== own && !isGranted(this.#lookup.grants(there), { from, to }))
      return this.#refuse("RefNotPermitted", `no ReferenceGrant lets it refer to Service ${key}`);
    const service = this.#lookup.service(key);
    if (!service) return this.#refuse("BackendNotFound", `Service ${key} does not exist`);
    const found = port === undefined ? undefined : servicePort(service, port);
    if (!found)
      return this.#refuse("BackendNotFound", `Service ${key} has no port ${port ?? "that it names"}`);
    const policies = policiesFor(this.#lookup.tlsPolicies(key), name, found);
    for (const { metadata } of policies) this.policies.add(`${there}/${metadata.name}`);
    const [policy] = policies;
    if (!policy) return this.#keep(there, name, port!, this.#kind === "GRPCRoute" ? { protocol: "h2c" } : {});
    const { tls } = judgePolicy(policy, this.#lookup);
    return tls ? this.#keep(there, name, port!, { protocol: "https", tls }) : { status: 503 };
  }

  #keep(
    namespace: string,
    service: string,
    port: number,
    how: { protocol?: Backend["protocol"]; tls?: Backend["tls"] },
  ): Found {
    const reference = referenceOf(namespace, service, port, how);
    this.references.set(reference.name, reference);
    return { name: reference.name };
  }

  #refuse(reason: string, message: string): Found {
    this.#problem ??= verdict("ResolvedRefs", false, reason, message);
    return { status: 500 };
  }
}
