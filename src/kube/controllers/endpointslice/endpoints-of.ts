import type { EndpointHints, Node, ObjectReference, Pod, Service, ServicePort } from "../../api/index.ts";
import { isPodTerminal } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import { isReady } from "../pod-state.ts";

export interface SliceEndpoint {
  addresses: string[];
  conditions: { ready: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  zone?: string;
  hints?: EndpointHints;
  /** Made from pods it is always there, with a uid. */
  targetRef?: ObjectReference;
}

export interface SlicePort {
  name: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

/** Endpoints that share one list of ports (named target ports may differ from pod to pod). */
export interface PortGroup {
  ports: SlicePort[];
  endpoints: SliceEndpoint[];
}

/** The port number that `targetPort` means in this pod; undefined when a name is not found. */
function resolveTargetPort(servicePort: ServicePort, pod: Pod): number | undefined {
  const target = servicePort.targetPort || servicePort.port;
  if (typeof target === "number") return target;
  const sidecars = (pod.spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always");
  for (const container of [...(pod.spec.containers ?? []), ...sidecars]) {
    for (const port of container.ports ?? []) {
      if (port.name === target && (port.protocol ?? "TCP") === (servicePort.protocol ?? "TCP"))
        return port.containerPort;
    }
  }
  return undefined;
}

/** The Service's ports as they are in this pod; those that it does not have are left out. */
function portsIn(service: Service, pod: Pod): SlicePort[] {
  const ports: SlicePort[] = [];
  for (const servicePort of service.spec.ports ?? []) {
    const port = resolveTargetPort(servicePort, pod);
    if (port === undefined) continue;
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    ports.push({ name, port, protocol, ...(appProtocol ? { appProtocol } : {}) });
  }
  return ports;
}

function endpointOf(service: Service, pod: Pod, node: Node | undefined): SliceEndpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const { nodeName, hostname, subdomain } = pod.spec;
  const zone = node?.metadata.labels?.["topology.kubernetes.io/zone"];
  return {
    addresses: [pod.status!.podIP!],
    conditions: { ready, serving, terminating },
    targetRef: { kind: "Pod", namespace: namespace!, name, uid },
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
  };
}

/**
 * A Service's endpoints, grouped by the ports they have in common (endpointslice reconciler.go). Pods of a node that is
 * gone are no endpoints, unless not even their readiness counts.
 */
export function endpointsOf(
  service: Service,
  pods: Iterable<Pod>,
  nodes: Pick<Informer<Node>, "get">,
): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  const differ = (service.spec.ports ?? []).some((port) => typeof port.targetPort === "string");
  let group: PortGroup | undefined;
  for (const pod of pods) {
    if (!pod.status?.podIP || isPodTerminal(pod)) continue;
    const node = nodes.get(pod.spec.nodeName ?? "");
    if (!node && service.spec.publishNotReadyAddresses !== true) continue;
    if (differ || !group) group = groupOf(groups, portsIn(service, pod));
    group.endpoints.push(endpointOf(service, pod, node));
  }
  const inOrder = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  for (const group of inOrder)
    group.endpoints.sort((a, b) => (a.targetRef!.uid! < b.targetRef!.uid! ? -1 : 1));
  return inOrder;
}

function groupOf(groups: Map<string, PortGroup>, ports: SlicePort[]): PortGroup {
  const key = JSON.stringify(ports);
  const group = groups.get(key) ?? { ports, endpoints: [] };
  groups.set(key, group);
  return group;
}
