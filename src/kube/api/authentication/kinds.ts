import type { KindDefinition } from "../types.ts";
import { selfSubjectReviews } from "./self-subject-review.ts";
import { tokenRequests } from "./token-request.ts";
import { tokenReviews } from "./token-review.ts";

export const authenticationRequestKinds: readonly KindDefinition[] = [
  tokenRequests,
  tokenReviews,
  selfSubjectReviews,
];
