import type { Volume } from "../../../../api/index.ts";
import { type Check, type CheckedPod, counted, named, quoted, sorted, type Violation } from "../check.ts";
import { hostPathVolumes } from "./host-path-volumes.ts";

const ALLOWED = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
] as const satisfies (keyof Volume)[];

const FORBIDDEN = [
  "hostPath",
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "gitRepo",
  "nfs",
  "iscsi",
  "glusterfs",
  "rbd",
  "flexVolume",
  "cinder",
  "cephfs",
  "flocker",
  "fc",
  "azureFile",
  "vsphereVolume",
  "quobyte",
  "azureDisk",
  "photonPersistentDisk",
  "portworxVolume",
  "scaleIO",
  "storageos",
] as const satisfies (keyof Volume)[];

/** Storage comes from the cluster's objects, and not from the node or from servers that the pod names. */
export const restrictedVolumes: Check = {
  id: "restrictedVolumes",
  overrides: hostPathVolumes.id,
  rules: [{ since: 0, rule }],
};

function rule({ spec }: CheckedPod): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !ALLOWED.some((type) => volume[type]));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map((volume) => FORBIDDEN.find((type) => volume[type]) ?? "unknown"));
  const names = bad.map(({ name }) => name);
  const use = names.length === 1 ? "uses" : "use";
  return {
    reason: "restricted volume types",
    detail: `${named("volume", names)} ${use} ${counted("restricted volume type", types)} ${quoted(types)}`,
  };
}
