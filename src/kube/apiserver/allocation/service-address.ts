import { newUid, rfc3339Seconds } from "../../../base/index.ts";
import { type IPAddress, ipAddresses, type KubeObject } from "../../api/index.ts";
import { objectKey } from "../objects/object-keys.ts";

const MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
const ALLOCATOR = "ipallocator.k8s.io";
const LABELS = { "ipaddress.kubernetes.io/ip-family": "IPv4", [MANAGED_BY]: ALLOCATOR };

/** Where the object lies by which a cluster address is held: what is there is taken. */
export const addressKey = (address: string): string => objectKey(ipAddresses, undefined, address);

/** The IPAddress object that says which Service holds the address (upstream newIPAddress). */
export function serviceAddress(address: string, service: KubeObject, nowMs: number): KubeObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: ipAddresses.kind,
    metadata: {
      name: address,
      uid: newUid(),
      resourceVersion: "",
      creationTimestamp: rfc3339Seconds(nowMs),
      labels: { ...LABELS },
    },
    spec: { parentRef: parentRefOf(service) },
  };
}

function parentRefOf({ metadata: { namespace = "", name } }: KubeObject) {
  return { resource: "services", namespace, name };
}

/** Whether the object is one of ours, and says that this Service holds it. */
export function tellsService({ metadata, spec }: IPAddress | KubeObject, service: KubeObject): boolean {
  const { resource, namespace, name } = parentRefOf(service);
  const { group = "", ...parent } = spec.parentRef ?? {};
  const isParent = parent.resource === resource && parent.namespace === namespace && parent.name === name;
  const labels: Record<string, string> = metadata.labels ?? {};
  return group === "" && isParent && Object.entries(LABELS).every(([key, value]) => labels[key] === value);
}

export function isFromAllocator({ metadata }: KubeObject): boolean {
  return metadata.labels?.[MANAGED_BY] === ALLOCATOR;
}
