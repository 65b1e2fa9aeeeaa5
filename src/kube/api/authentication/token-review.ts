import type { KindDefinition } from "../types.ts";

export const tokenReviews: KindDefinition = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenReview",
  resource: "tokenreviews",
  singular: "tokenreview",
  namespaced: false,
  model: "io.k8s.api.authentication.v1.TokenReview",
  verbs: ["create"],
  use: "request",
  hasStatus: false,
  columns: [],
};
