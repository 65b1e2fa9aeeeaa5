import { createHash } from "node:crypto";
import { invalidArgument, rfc3339Seconds } from "../../../base/index.ts";
import { decodeBody, type Pod, pods, statusInvalid, validateObjectMeta } from "../../api/index.ts";
import { sourceAnnotations } from "./static-pod.ts";

/** It becomes the name of directories. */
const UID = /^[0-9a-zA-Z][-0-9a-zA-Z]{0,62}$/;

export interface ManifestContext {
  /** Absolute. */
  path: string;
  nodeName: string;
  nowMs: number;
}

/**
 * The pod that a file asks for, as this node's: its name ends in the node's, it is bound here, and no taint drives it out.
 * Its uid tells the file's content, so that a pod is another one once its file has changed (upstream's applyDefaults). Fails
 * with upstream's words for what the API would refuse.
 */
export function readManifest(bytes: Uint8Array, { path, nodeName, nowMs }: ManifestContext): Pod {
  const { object } = decodeBody({ bytes, contentType: "application/yaml", kind: pods });
  const pod = object as unknown as Pod;
  if (!pod.metadata?.name) throw invalid("name is needed for the pod");
  const { name, namespace = "default", labels, annotations } = pod.metadata;
  if (pod.metadata.uid && !UID.test(pod.metadata.uid)) throw invalid("its uid is no uid");
  const uid = pod.metadata.uid || uidOf(bytes, path, nodeName);
  const manifest: Pod = {
    ...pod,
    metadata: {
      name: `${name}-${nodeName.toLowerCase()}`,
      namespace,
      uid,
      resourceVersion: "",
      creationTimestamp: rfc3339Seconds(nowMs),
      ...(labels ? { labels } : {}),
      annotations: { ...annotations, ...sourceAnnotations(uid, rfc3339Seconds(nowMs)) },
    },
    spec: {
      ...pod.spec,
      nodeName,
      tolerations: [...(pod.spec?.tolerations ?? []), { operator: "Exists", effect: "NoExecute" }],
    },
    status: { phase: "Pending" },
  };
  pods.defaults?.(manifest);
  const errors = [...validateObjectMeta(manifest, pods), ...(pods.validate?.(manifest) ?? [])];
  if (errors.length > 0) throw statusInvalid(pods, manifest.metadata.name, errors);
  refuseReferences(manifest);
  return manifest;
}

function uidOf(bytes: Uint8Array, path: string, nodeName: string): string {
  return createHash("md5").update(bytes).update(`host:${nodeName}file:${path}`).digest("hex");
}

function refuseReferences({ spec }: Pod): void {
  const sources = (spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some(({ clusterTrustBundle }) => clusterTrustBundle))
    throw invalid("static pods may not use ClusterTrustBundle projected volume sources");
  if ((spec.resourceClaims ?? []).length > 0) throw invalid("static pods may not use ResourceClaims");
}

function invalid(why: string) {
  return invalidArgument(`invalid pod: ${why}`, { code: "Kubelet.StaticPod" });
}
