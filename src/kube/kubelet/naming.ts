import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Container, Pod } from "../api/index.ts";

/** Labels and annotations under which the kubelet finds its sandboxes and containers again (upstream's names). */
export const Label = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
} as const;

export const Annotation = {
  hash: "io.kubernetes.container.hash",
  /** What a container was made with, as JSON; of this kubelet alone. */
  resources: "io.gantry.container.resources",
  restartCount: "io.kubernetes.container.restartCount",
  terminationMessagePath: "io.kubernetes.container.terminationMessagePath",
  terminationMessagePolicy: "io.kubernetes.container.terminationMessagePolicy",
  podTerminationGracePeriod: "io.kubernetes.pod.terminationGracePeriod",
  podDeletionGracePeriod: "io.kubernetes.pod.deletionGracePeriod",
} as const;

/** `web_default(5f…)`: how messages name a pod. */
export function podLogName(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}

/** `gantry://<id>`: a container's id as the API shows it. */
export function containerUri(id: string): string {
  return `gantry://${id}`;
}

export function podLogDirectory(root: string, pod: { namespace: string; name: string; uid: string }): string {
  return join(root, `${pod.namespace}_${pod.name}_${pod.uid}`);
}

export function containerLogPath(containerName: string, attempt: number): string {
  return join(containerName, `${attempt}.log`);
}

/** `spec.containers{web}`: the part of a pod that an event is about. */
export function containerFieldPath(pod: Pod, container: Container): string {
  const lists = ["containers", "initContainers", "ephemeralContainers"] as const;
  const list =
    lists.find((field) => pod.spec[field]?.some(({ name }) => name === container.name)) ?? "containers";
  return `spec.${list}{${container.name}}`;
}

/** Differs when a running container no longer is what the pod asks for: only its image may change in place. */
export function containerHash(container: Container): string {
  return createHash("sha256")
    .update(`${container.name}\0${container.image ?? ""}`)
    .digest("hex")
    .slice(0, 8);
}

/** Names a thing of a pod's in keys. */
export function podKey(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}

export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

export function allContainers(pod: Pod): Container[] {
  return [
    ...(pod.spec.initContainers ?? []),
    ...pod.spec.containers,
    ...(pod.spec.ephemeralContainers ?? []),
  ];
}
