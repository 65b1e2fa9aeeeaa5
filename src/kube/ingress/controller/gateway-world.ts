import type { Gateway } from "../gateway/gateway-types.ts";
import type { GatewayJudgement } from "../gateway/judge-gateway.ts";
import type { RouteJudgement } from "../gateway/judge-route.ts";

export type JudgedGateway = GatewayJudgement & { readonly gateway: Gateway };

/** What is known of the own Gateways and their routes: what statuses are made of. */
export class GatewayWorld {
  readonly #gateways = new Map<string, JudgedGateway>();
  readonly #routes = new Map<string, RouteJudgement>();
  /** Owners of the routes that attach to a listener: `namespace/name listener`. */
  readonly #attached = new Map<string, Set<string>>();
  /** Owners of the routes that are under a policy. */
  readonly #underPolicy = new Map<string, Set<string>>();

  gateway(key: string): JudgedGateway | undefined {
    return this.#gateways.get(key);
  }

  setGateway(key: string, judged: JudgedGateway): void {
    this.#gateways.set(key, judged);
  }

  deleteGateway(key: string): void {
    this.#gateways.delete(key);
  }

  route(owner: string): RouteJudgement | undefined {
    return this.#routes.get(owner);
  }

  setRoute(owner: string, judgement: RouteJudgement): void {
    this.deleteRoute(owner);
    this.#routes.set(owner, judgement);
    for (const place of placesOf(judgement)) add(this.#attached, place, owner);
    for (const policy of judgement.policies) add(this.#underPolicy, policy, owner);
  }

  deleteRoute(owner: string): void {
    const known = this.#routes.get(owner);
    if (!known) return;
    this.#routes.delete(owner);
    for (const place of placesOf(known)) remove(this.#attached, place, owner);
    for (const policy of known.policies) remove(this.#underPolicy, policy, owner);
  }

  attachedTo(gateway: string, listener: string): number {
    return this.#attached.get(`${gateway} ${listener}`)?.size ?? 0;
  }

  /** Keys of the Gateways through which something under a policy is reached. */
  gatewaysUnder(policy: string): string[] {
    const owners = [...(this.#underPolicy.get(policy) ?? [])];
    return [...new Set(owners.flatMap((owner) => [...this.#routes.get(owner)!.attachedTo.keys()]))].sort();
  }

  gatewaysAt(ports: readonly number[]): string[] {
    return [...this.#gateways]
      .filter(([, { listeners }]) => listeners.some(({ listener }) => ports.includes(listener.port)))
      .map(([key]) => key);
  }

  owners(): string[] {
    const classes = [...this.#gateways.values()].map(
      ({ gateway }) => `gatewayclass/${gateway.spec.gatewayClassName}`,
    );
    const gateways = [...this.#gateways.keys()].map((key) => `gateway/${key}`);
    const policies = [...this.#underPolicy.keys()].map((key) => `policy/${key}`);
    return [...new Set(classes), ...gateways, ...this.#routes.keys(), ...policies];
  }
}

function placesOf({ attachedTo }: RouteJudgement): string[] {
  return [...attachedTo].flatMap(([gateway, listeners]) =>
    [...listeners].map((name) => `${gateway} ${name}`),
  );
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

function remove(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  values?.delete(value);
  if (values?.size === 0) map.delete(key);
}
