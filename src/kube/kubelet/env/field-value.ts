import { invalidArgument } from "../../../base/index.ts";
import { quantityMilliValue, quantityValue } from "../../../formats/index.ts";
import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from "../../api/index.ts";

/** What a pod's own fields depend on beyond the object. */
export interface FieldContext {
  nodeName: string;
  hostIp: string;
  /** Known once the sandbox stands. */
  podIp: string;
  /** Stand in for limits that are absent. */
  allocatable: { cpuMilli: number; memoryBytes: number; ephemeralStorageBytes: number };
}

/** The value of a `fieldRef` (upstream's ExtractFieldPathAsString and the kubelet's own additions). */
export function fieldValue(pod: Pod, { fieldPath }: ObjectFieldSelector, context: FieldContext): string {
  const subscript = /^(metadata\.(?:labels|annotations))\['([^']+)'\]$/.exec(fieldPath);
  if (subscript) {
    const map = subscript[1] === "metadata.labels" ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[subscript[2]!] ?? "";
  }
  switch (fieldPath) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid;
    case "metadata.labels":
      return formatMap(pod.metadata.labels);
    case "metadata.annotations":
      return formatMap(pod.metadata.annotations);
    case "spec.nodeName":
      return context.nodeName;
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "";
    case "status.hostIP":
    case "status.hostIPs":
      return context.hostIp;
    case "status.podIP":
    case "status.podIPs":
      return pod.spec.hostNetwork ? context.hostIp : context.podIp;
    default:
      throw invalidArgument(`unsupported fieldPath: ${fieldPath}`, { code: "Kubelet.FieldPath" });
  }
}

/** `key="value"` lines, sorted, with Go's quoting. */
function formatMap(map: Record<string, string> = {}): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join("\n");
}

/** The value of a `resourceFieldRef`: an absent limit is what the node can give. */
export function resourceFieldValue(
  pod: Pod,
  ref: ResourceFieldSelector,
  ownContainer: Container | undefined,
  context: FieldContext,
): string {
  const name = ref.containerName;
  const container =
    name === undefined || name === ""
      ? ownContainer
      : [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((one) => one.name === name);
  if (!container) throw invalidArgument(`container ${name ?? ""} not found`, { code: "Kubelet.FieldPath" });
  const [kind, resource] = splitOnce(ref.resource);
  const list = kind === "limits" ? container.resources?.limits : container.resources?.requests;
  const quantity = list?.[resource];
  const isCpu = resource === "cpu";
  const amount =
    quantity === undefined
      ? kind === "limits"
        ? allocatableOf(resource, context)
        : 0
      : isCpu
        ? quantityMilliValue(String(quantity))
        : quantityValue(String(quantity));
  return divide(amount, ref.divisor, isCpu);
}

function allocatableOf(resource: string, { allocatable }: FieldContext): number {
  if (resource === "cpu") return allocatable.cpuMilli;
  if (resource === "memory") return allocatable.memoryBytes;
  return resource === "ephemeral-storage" ? allocatable.ephemeralStorageBytes : 0;
}

/** Rounded up, as upstream does. A divisor of 0 means 1. */
function divide(amount: number, divisor: string | undefined, isCpu: boolean): string {
  const text = divisor === undefined || divisor === "0" || divisor === "" ? "1" : String(divisor);
  const unit = isCpu ? quantityMilliValue(text) : quantityValue(text);
  return String(Math.ceil(amount / unit));
}

function splitOnce(text: string): [string, string] {
  const dot = text.indexOf(".");
  return [text.slice(0, dot), text.slice(dot + 1)];
}
