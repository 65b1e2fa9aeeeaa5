import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { apiVersionOf, parseApiVersion } from "./api-version.ts";
import { builtInKinds, computedKinds, kindByGvk, kinds, requestKinds } from "./kinds.ts";
import { findModel } from "./models.ts";
import { definedColumns } from "./table.ts";
import type { KindDefinition } from "./types.ts";

const shared = fileURLToPath(new URL("../../../../shared/k8s/", import.meta.url));
const readShared = (name: string) => JSON.parse(readFileSync(join(shared, name), "utf8"));

describe("the kind table", () => {
  it("finds kinds by path and by apiVersion and kind", () => {
    expect(builtInKinds().find("apps", "v1", "deployments")?.kind).toBe("Deployment");
    expect(kindByGvk("", "v1", "Pod")?.resource).toBe("pods");
    expect(builtInKinds().find("", "v1", "unknown")).toBeUndefined();
    expect(parseApiVersion("apps/v1")).toEqual({ group: "apps", version: "v1" });
    expect(parseApiVersion("v1")).toEqual({ group: "", version: "v1" });
  });

  it("names models that exist, and no kind twice", () => {
    const all = [...kinds, ...requestKinds, ...computedKinds];
    expect(all.filter((kind) => findModel(kind.model) === undefined && !kind.openApi)).toEqual([]);
    expect(new Set(all.map((kind) => `${apiVersionOf(kind)} ${kind.kind}`)).size).toBe(all.length);
  });
});

interface Discovered {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
}

const ALL_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

describe.skipIf(!existsSync(shared))("against upstream's discovery documents", () => {
  // Where upstream's kube-apiserver has none, a server beside it answers there.
  const ofKubeApiserver = [...kinds, ...computedKinds].filter(({ group }) => group !== "metrics.k8s.io");
  it.each(ofKubeApiserver.map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind] as const))(
    "%s",
    (_, kind) => {
      const file = kind.group === "" ? "api__v1.json" : `apis__${kind.group}__${kind.version}.json`;
      const resources: Discovered[] = readShared(`discovery/${file}`).resources;
      const found = resources.find((one) => one.name === kind.resource)!;
      expect({
        singular: kind.singular,
        namespaced: kind.namespaced,
        kind: kind.kind,
        verbs: [...(kind.verbs ?? ALL_VERBS)].sort(),
        shortNames: kind.shortNames,
        categories: kind.categories,
        hasStatus: kind.hasStatus,
        hasScale: kind.scale !== undefined,
      }).toEqual({
        singular: found.singularName,
        namespaced: found.namespaced,
        kind: found.kind,
        verbs: [...found.verbs].sort(),
        shortNames: found.shortNames,
        categories: found.categories,
        hasStatus: resources.some((one) => one.name === `${kind.resource}/status`),
        hasScale: resources.some((one) => one.name === `${kind.resource}/scale`),
      });
    },
  );
});

/** The names that the reference has for our kinds. */
const COLUMNS: Record<string, string> = {
  Pod: "pod",
  Service: "service",
  Node: "node",
  Namespace: "namespace",
  Endpoints: "endpoint",
  ConfigMap: "configMap",
  Secret: "secret",
  ServiceAccount: "serviceAccount",
  Event: "event",
  Deployment: "deployment",
  ReplicaSet: "replicaSet",
  StatefulSet: "statefulSet",
  DaemonSet: "daemonSet",
  ReplicationController: "replicationController",
  PodTemplate: "podTemplate",
  Job: "job",
  CronJob: "cronJob",
  ControllerRevision: "controllerRevisionColumnDefinition",
  Lease: "lease",
  HorizontalPodAutoscaler: "horizontalPodAutoscaler",
  PodDisruptionBudget: "podDisruptionBudget",
  Ingress: "ingress",
  IngressClass: "ingressClass",
  NetworkPolicy: "networkPolicyColumnDefinitioins",
  IPAddress: "ipAddress",
  ServiceCIDR: "serviceCIDR",
  PriorityClass: "priorityClass",
  RuntimeClass: "runtimeClass",
  EndpointSlice: "endpointSlice",
  RoleBinding: "roleBindings",
  ClusterRoleBinding: "clusterRoleBindings",
  Scale: "scale",
  MutatingWebhookConfiguration: "mutatingWebhook",
  ValidatingAdmissionPolicy: "validatingAdmissionPolicy",
  ValidatingAdmissionPolicyBinding: "validatingAdmissionPolicyBinding",
  ValidatingWebhookConfiguration: "validatingWebhook",
  CertificateSigningRequest: "certificateSigningRequest",
  FlowSchema: "flowSchema",
  PriorityLevelConfiguration: "priorityLevel",
  PersistentVolume: "persistentVolume",
  PersistentVolumeClaim: "persistentVolumeClaim",
  ResourceQuota: "resourceQuota",
  StorageClass: "storageClass",
  VolumeAttachment: "volumeAttachment",
  CSINode: "csiNode",
  ComponentStatus: "componentStatus",
};

interface ReferenceColumn {
  name: string;
  type: string;
  format?: string;
  priority?: number;
}

describe.skipIf(!existsSync(shared))("against upstream's table columns", () => {
  const withColumns = [...kinds, ...requestKinds, ...computedKinds].filter(
    (kind) => COLUMNS[kind.kind] !== undefined,
  );
  it.each(withColumns.map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind] as const))(
    "%s",
    (_, kind: KindDefinition) => {
      const expected: ReferenceColumn[] = readShared("table-columns.json")[COLUMNS[kind.kind]!];
      const actual = definedColumns(kind).map(({ name, type, format, priority }) => ({
        name,
        type,
        format,
        priority,
      }));
      expect(actual).toEqual(
        expected.map(({ name, type, format = "", priority = 0 }) => ({ name, type, format, priority })),
      );
    },
  );
});
