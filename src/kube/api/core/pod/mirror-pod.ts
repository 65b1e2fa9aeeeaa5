export const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";

/** The API's picture of a pod that a kubelet has from a file. */
export function isMirrorPod(pod: { metadata: { annotations?: Record<string, string> } }): boolean {
  return pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined;
}
