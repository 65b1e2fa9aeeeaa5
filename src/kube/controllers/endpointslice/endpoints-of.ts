import type { KubeObject } from "../../api/types.ts";
import { isFinished, isReady } from "../pod-state.ts";

export interface SliceEndpoint {
  addresses: string[];
  conditions: { ready: boolean; serving: boolean; terminating: boolean };
  hostname?: string;
  nodeName?: string;
  targetRef: { kind: "Pod"; namespace: string; name: string; uid: string };
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
function resolveTargetPort(servicePort: KubeObject, pod: KubeObject): number | undefined {
  const target: number | string = servicePort.targetPort || servicePort.port;
  if (typeof target === "number") return target;
  const containers = [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? []).filter((one: KubeObject) => one.restartPolicy === "Always")];
  for (const container of containers) {
    for (const port of container.ports ?? []) {
      if (port.name === target && (port.protocol ?? "TCP") === (servicePort.protocol ?? "TCP")) return port.containerPort;
    }
  }
  return undefined;
}

function endpointOf(service: KubeObject, pod: KubeObject): SliceEndpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = isReady(pod) || service.spec.publishNotReadyAddresses === true;
  const { namespace, name, uid } = pod.metadata;
  const endpoint: SliceEndpoint = {
    addresses: [pod.status.podIP],
    conditions: { ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
    targetRef: { kind: "Pod", namespace: namespace!, name, uid },
  };
  if (pod.spec.nodeName) endpoint.nodeName = pod.spec.nodeName;
  const named = pod.spec.hostname && pod.spec.subdomain === service.metadata.name;
  if (named) endpoint.hostname = pod.spec.hostname;
  return endpoint;
}

/** A Service's endpoints, grouped by the ports they have in common (endpointslice reconciler.go). */
export function endpointsOf(service: KubeObject, pods: Iterable<KubeObject>): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  for (const pod of pods) {
    if (!pod.status?.podIP || isFinished(pod)) continue;
    const ports: SlicePort[] = [];
    for (const servicePort of service.spec.ports ?? []) {
      const port = resolveTargetPort(servicePort, pod);
      if (port === undefined) continue;
      const one: SlicePort = { name: servicePort.name ?? "", port, protocol: servicePort.protocol ?? "TCP" };
      if (servicePort.appProtocol) one.appProtocol = servicePort.appProtocol;
      ports.push(one);
    }
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod));
    groups.set(key, group);
  }
  for (const group of groups.values()) group.endpoints.sort((a, b) => (a.targetRef.uid < b.targetRef.uid ? -1 : 1));
  return [...groups.values()];
}
