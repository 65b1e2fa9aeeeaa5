import type { KindDefinition } from "../types.ts";
import { validateSubjectAttributes } from "./attributes.ts";

export const localSubjectAccessReviews: KindDefinition = {
  group: "authorization.k8s.io",
  version: "v1",
  kind: "LocalSubjectAccessReview",
  resource: "localsubjectaccessreviews",
  singular: "localsubjectaccessreview",
  namespaced: true,
  model: "io.k8s.api.authorization.v1.LocalSubjectAccessReview",
  verbs: ["create"],
  use: "request",
  hasStatus: false,
  validate: (review) => validateSubjectAttributes(review.spec ?? {}),
  columns: [],
};
