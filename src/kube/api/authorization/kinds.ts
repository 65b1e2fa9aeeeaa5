import type { KindDefinition } from "../types.ts";
import { localSubjectAccessReviews } from "./local-subject-access-review.ts";
import { selfSubjectAccessReviews } from "./self-subject-access-review.ts";
import { selfSubjectRulesReviews } from "./self-subject-rules-review.ts";
import { subjectAccessReviews } from "./subject-access-review.ts";

export const authorizationRequestKinds: readonly KindDefinition[] = [
  subjectAccessReviews,
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  selfSubjectRulesReviews,
];
