import type { NetworkPolicy, Pod } from "../../api/index.ts";
import { type PolicedPod, policedPodOf } from "../policed-pod.ts";
import { PolicyWorld } from "../policy-world.ts";
import { type Connection, SimulatedTable } from "./simulated-table.ts";

export const NODE = "node-1";
export const OUTSIDE = "203.0.113.9";
const NAMESPACES = ["x", "y", "z"];
const NAMES = ["a", "b", "c"];

export type Where = `${string}/${string}` | "outside";
export type Spec = Partial<NetworkPolicy["spec"]>;

export function addressOf(where: Where): string {
  if (where === "outside") return OUTSIDE;
  const [namespace, name] = where.split("/");
  return `10.244.${NAMESPACES.indexOf(namespace!) + 1}.${NAMES.indexOf(name!) + 1}`;
}

/** As those of upstream's tests: `x/a` has the labels `pod: a`, and serves on 80 and 81. */
export function podObject(
  where: Where,
  more: { labels?: Record<string, string>; nodeName?: string } = {},
): Pod {
  const [namespace, name] = where.split("/");
  const ports = ["TCP", "UDP", "SCTP"].flatMap((protocol) =>
    [80, 81].map((port) => ({
      name: `serve-${port}-${protocol.toLowerCase()}`,
      containerPort: port,
      protocol,
    })),
  );
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: name!,
      namespace: namespace!,
      uid: `uid-${namespace}-${name}`,
      labels: { pod: name!, ...more.labels },
    },
    spec: { nodeName: more.nodeName ?? NODE, containers: [{ name: "agnhost", image: "agnhost", ports }] },
    status: { phase: "Running", podIP: addressOf(where) },
  } as unknown as Pod;
}

export const podOf = (where: Where, more: Parameters<typeof podObject>[1] = {}): PolicedPod =>
  policedPodOf({ pod: podObject(where, more), nodeName: NODE });

export const ALL: Where[] = NAMESPACES.flatMap((namespace) =>
  NAMES.map((name) => `${namespace}/${name}` as const),
);

export function policy(spec: Spec, name = "p", namespace = "x"): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace, uid: `uid-${name}` },
    spec: { podSelector: {}, ...spec },
  } as NetworkPolicy;
}

/** Three namespaces with three pods each. */
export class ThreeByThree {
  readonly world = new PolicyWorld({ table: "t", families: [4], nameServers: [] });
  readonly kernel = new SimulatedTable();

  constructor() {
    for (const name of NAMESPACES) this.world.setNamespace(name, labelsOf(name));
    for (const where of ALL) this.setPod(podOf(where));
    this.kernel.apply(this.world.table.renderAll());
  }

  setPod(pod: PolicedPod): void {
    this.world.setPod(pod.uid, pod);
  }

  setPolicy(object: NetworkPolicy): void {
    this.world.setPolicy(`${object.metadata.namespace}/${object.metadata.name}`, object);
  }

  /** Writes what has changed to the simulated kernel. */
  commit(): void {
    this.kernel.apply(this.world.table.commandsOf(this.world.table.takeChanges()));
    this.kernel.apply(this.world.table.takeGarbage());
  }

  allows(from: Where, to: Where, port = 80, protocol: Connection["protocol"] = "tcp"): boolean {
    return this.kernel.allows({ from: addressOf(from), to: addressOf(to), protocol, port });
  }
}

export function labelsOf(namespace: string): Record<string, string> {
  return { ns: namespace, "kubernetes.io/metadata.name": namespace };
}
