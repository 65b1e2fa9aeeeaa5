import type { KindDefinition } from "../types.ts";

export const selfSubjectReviews: KindDefinition = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "SelfSubjectReview",
  resource: "selfsubjectreviews",
  singular: "selfsubjectreview",
  namespaced: false,
  model: "io.k8s.api.authentication.v1.SelfSubjectReview",
  verbs: ["create"],
  use: "request",
  hasStatus: false,
  columns: [],
};
