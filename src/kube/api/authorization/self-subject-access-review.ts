import type { KindDefinition } from "../types.ts";
import { validateAttributes } from "./attributes.ts";

export const selfSubjectAccessReviews: KindDefinition = {
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SelfSubjectAccessReview",
  resource: "selfsubjectaccessreviews",
  singular: "selfsubjectaccessreview",
  namespaced: false,
  model: "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
  verbs: ["create"],
  use: "request",
  hasStatus: false,
  validate: (review) => validateAttributes(review.spec ?? {}),
  columns: [],
};
