import type { KindDefinition } from "../types.ts";
import { validateSubjectAttributes } from "./attributes.ts";

export const subjectAccessReviews: KindDefinition = {
  group: "authorization.k8s.io",
  version: "v1",
  kind: "SubjectAccessReview",
  resource: "subjectaccessreviews",
  singular: "subjectaccessreview",
  namespaced: false,
  model: "io.k8s.api.authorization.v1.SubjectAccessReview",
  verbs: ["create"],
  use: "request",
  hasStatus: false,
  validate: (review) => validateSubjectAttributes(review.spec ?? {}),
  columns: [],
};
