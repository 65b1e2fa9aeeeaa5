import { ageColumn, nameColumn } from "./columns.ts";
import type { KindDefinition } from "./types.ts";

type Names = Pick<KindDefinition, "group" | "version" | "kind" | "resource" | "shortNames" | "categories"> & {
  model?: string;
  namespaced?: boolean;
};

function absent({ model, namespaced = true, ...names }: Names): KindDefinition {
  const group = names.group === "" ? "core" : names.group.split(".", 1)[0];
  return {
    singular: names.kind.toLowerCase(),
    namespaced,
    model: model ?? `io.k8s.api.${group}.${names.version}.${names.kind}`,
    hasStatus: false,
    verbs: ["get", "list", "watch"],
    columns: [nameColumn, ageColumn],
    ...names,
  };
}

/**
 * Kinds that are not built, and that kubectl looks for in every cluster: `apply --prune` lists the workloads and volumes, and
 * a manifest of a kind that nobody knows sends it to the definitions. There is none of them, which is what reads are told;
 * writes are refused as not implemented.
 */
export const absentKinds: readonly KindDefinition[] = [
  absent({
    group: "",
    version: "v1",
    kind: "PersistentVolume",
    resource: "persistentvolumes",
    shortNames: ["pv"],
    namespaced: false,
  }),
  absent({
    group: "",
    version: "v1",
    kind: "PersistentVolumeClaim",
    resource: "persistentvolumeclaims",
    shortNames: ["pvc"],
  }),
];
