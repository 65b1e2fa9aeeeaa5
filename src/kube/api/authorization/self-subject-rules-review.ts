import type { KindDefinition } from "../types.ts";

export const selfSubjectRulesReviews: KindDefinition = {
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectRulesReview",
  resource: "selfsubjectrulesreviews",
  singular: "selfsubjectrulesreview",
  namespaced: false,
  model: "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
  verbs: ["create"],
  use: "request",
  hasStatus: false,
  columns: [],
};
