import type { KindDefinition } from "../types.ts";

export const evictions: KindDefinition = {
  group: "policy",
  version: "v1",
  kind: "Eviction",
  resource: "evictions",
  singular: "eviction",
  namespaced: true,
  model: "io.k8s.api.policy.v1.Eviction",
  verbs: ["create"],
  use: "body",
  readsVersions: ["policy/v1beta1"],
  hasStatus: false,
  columns: [],
};
