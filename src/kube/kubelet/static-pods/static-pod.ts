import { isMirrorPod, MIRROR_ANNOTATION, type Pod } from "../../api/index.ts";

const SOURCE_ANNOTATION = "kubernetes.io/config.source";
const HASH_ANNOTATION = "kubernetes.io/config.hash";

/** Where the kubelet has a pod from, for those who look at it in the API (upstream's names). */
export function sourceAnnotations(uid: string, seenAt: string): Record<string, string> {
  return {
    [SOURCE_ANNOTATION]: "file",
    [HASH_ANNOTATION]: uid,
    "kubernetes.io/config.seen": seenAt,
  };
}

/** A pod of the kubelet's own, from a file: not the API's picture of it. */
export function isStaticPod(pod: Pod): boolean {
  return pod.metadata.annotations?.[SOURCE_ANNOTATION] === "file" && !isMirrorPod(pod);
}

/** The static pod's uid is the hash of what its file says: the picture of another version is no picture of it. */
export function isMirrorOf(mirror: Pod, pod: Pod): boolean {
  return isStaticPod(pod) && mirror.metadata.annotations?.[MIRROR_ANNOTATION] === pod.metadata.uid;
}
