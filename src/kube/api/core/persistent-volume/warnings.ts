import type { PersistentVolume, PersistentVolumeSpec } from "../../generated/types.ts";
import { warningsOfNodeSelectorTerm } from "../deprecated-node-labels.ts";
import { STORAGE_CLASS_ANNOTATION } from "../storage-class-name.ts";
import { MOUNT_OPTIONS_ANNOTATION } from "./mount-options.ts";

const DEPRECATED_ANNOTATIONS = {
  [STORAGE_CLASS_ANNOTATION]: 'deprecated since v1.8; use "storageClassName" attribute instead',
  [MOUNT_OPTIONS_ANNOTATION]: 'deprecated since v1.31; use "mountOptions" attribute instead',
};

/** The source, how upstream writes it, and since when it is of no use. */
const DEPRECATED_SOURCES: readonly [source: keyof PersistentVolumeSpec, name: string, why: string][] = [
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

/** What of a volume has another name today, or no use (upstream GetWarningsForPersistentVolume). */
export function warningsOfVolume({ metadata, spec }: PersistentVolume): string[] {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return [
    ...Object.entries(DEPRECATED_ANNOTATIONS)
      .filter(([name]) => metadata.annotations?.[name] !== undefined)
      .map(([name, why]) => `metadata.annotations[${name}]: ${why}`),
    ...(spec.persistentVolumeReclaimPolicy === "Recycle"
      ? [
          "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
        ]
      : []),
    ...terms.flatMap((term, index) =>
      warningsOfNodeSelectorTerm(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`, false),
    ),
    ...DEPRECATED_SOURCES.filter(([source]) => spec[source] !== undefined).map(
      ([, name, why]) => `spec.${name}: ${why}`,
    ),
  ];
}
