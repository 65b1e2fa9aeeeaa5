import { isDeepStrictEqual } from "node:util";
import { type Clock, isGantryError, rfc3339Seconds } from "../../../base/index.ts";
import type { ApiObject } from "../../api/types.ts";
import type { KubeClient } from "../../client/types.ts";
import { judgePolicy, rivalOf } from "../gateway/backend-tls.ts";
import { type Verdict, verdict, withVerdicts } from "../gateway/conditions.ts";
import { GATEWAY_GROUP, type GatewayKind } from "../gateway/gateway-kinds.ts";
import { gatewayStatus } from "../gateway/gateway-status.ts";
import type { BackendTlsPolicy, Gateway, GatewayClass, Route } from "../gateway/gateway-types.ts";
import { withParents } from "../gateway/parent-statuses.ts";
import { GATEWAY_CONTROLLER } from "../names.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { GatewayInformers } from "./gateway-informers.ts";
import type { GatewayWorld } from "./gateway-world.ts";
import type { ListenerReports } from "./listener-reports.ts";

export interface GatewayStatusWriterOptions {
  client: KubeClient;
  objects: GatewayInformers;
  world: GatewayWorld;
  cluster: ClusterState;
  reports: ListenerReports;
  addresses: readonly string[];
  clock: Clock;
}

interface WithStatus extends ApiObject {
  status?: object;
}

/** Writes what became of the Gateway API's objects into their statuses, where that is other than what stands there. */
export class GatewayStatusWriter {
  readonly #options: GatewayStatusWriterOptions;

  constructor(options: GatewayStatusWriterOptions) {
    this.#options = options;
  }

  async write(owner: string): Promise<void> {
    const [what, ...rest] = owner.split("/");
    const key = rest.join("/");
    if (what === "gatewayclass")
      await this.#put("GatewayClass", key, (one: GatewayClass) => this.#classStatus(one));
    if (what === "gateway") await this.#put("Gateway", key, (one: Gateway) => this.#gatewayStatus(key, one));
    if (what === "policy")
      await this.#put("BackendTLSPolicy", key, (one: BackendTlsPolicy) => this.#policyStatus(key, one));
    if (what !== "route") return;
    const [kind, ...named] = rest;
    await this.#put(kind as GatewayKind, named.join("/"), (one: Route) => this.#routeStatus(owner, one));
  }

  async #put<T extends WithStatus>(
    kind: GatewayKind,
    key: string,
    statusOf: (object: T) => T["status"] | undefined,
  ): Promise<void> {
    const { objects, client } = this.#options;
    const definition = objects.definition(kind);
    const object = objects.get<T>(kind, key);
    const status = object && statusOf(object);
    if (!definition || !object || !status || isDeepStrictEqual(plain(object.status), plain(status))) return;
    try {
      await client.updateStatus(definition, { ...object, status });
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
  }

  #at({ metadata }: ApiObject): { generation: number; now: string } {
    return { generation: metadata.generation ?? 0, now: rfc3339Seconds(this.#options.clock.nowMs()) };
  }

  #classStatus(one: GatewayClass): GatewayClass["status"] {
    if (one.spec.controllerName !== GATEWAY_CONTROLLER) return undefined;
    const accepted = one.spec.parametersRef
      ? verdict("Accepted", false, "InvalidParameters", "parameters are not implemented")
      : verdict("Accepted", true, "Accepted", "the class is accepted");
    return { ...one.status, conditions: withVerdicts(one.status?.conditions, [accepted], this.#at(one)) };
  }

  #gatewayStatus(key: string, one: Gateway): Gateway["status"] {
    const { world, reports, addresses } = this.#options;
    const judged = world.gateway(key);
    if (!judged) return undefined;
    return gatewayStatus(one, judged, {
      attachedTo: (listener) => world.attachedTo(key, listener),
      isOpen: (port) => reports.isOpen(port),
      errorOf: (port) => reports.errorOf(port),
      addresses,
      now: this.#at(one).now,
    });
  }

  #routeStatus(owner: string, one: Route): Route["status"] {
    const parents = this.#options.world.route(owner)?.parents ?? [];
    const known = one.status?.parents;
    if (parents.length === 0 && !known?.some(({ controllerName }) => controllerName === GATEWAY_CONTROLLER))
      return undefined;
    return { ...one.status, parents: withParents(known, "parentRef", parents, this.#at(one)) };
  }

  #policyStatus(key: string, one: BackendTlsPolicy): BackendTlsPolicy["status"] {
    const { world, cluster, objects } = this.#options;
    const rival = rivalOf(one, (service) => objects.byIndex("BackendTLSPolicy", service));
    const { verdicts: own } = judgePolicy(one, cluster);
    const verdicts = rival ? conflicted(own, rival) : own;
    const parents = world.gatewaysUnder(key).map((gateway) => {
      const [namespace, name] = gateway.split("/") as [string, string];
      return { parentRef: { group: GATEWAY_GROUP, kind: "Gateway", namespace, name }, verdicts };
    });
    const known = one.status?.ancestors;
    if (parents.length === 0 && !known?.some(({ controllerName }) => controllerName === GATEWAY_CONTROLLER))
      return undefined;
    return { ...one.status, ancestors: withParents(known, "ancestorRef", parents, this.#at(one)) };
  }
}

function conflicted(verdicts: readonly Verdict[], { metadata }: ApiObject): Verdict[] {
  const message = `the older policy ${metadata.name} has the same target`;
  return verdicts.map((one) =>
    one.type === "Accepted" ? verdict("Accepted", false, "Conflicted", message) : one,
  );
}

/** As it stands in JSON. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null)) as unknown;
