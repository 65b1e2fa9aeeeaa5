import {
  bindings,
  type KindDefinition,
  localSubjectAccessReviews,
  pods,
  selfSubjectAccessReviews,
  selfSubjectReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
  tokenReviews,
} from "../../api/index.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { createBinding } from "../subresources/binding.ts";
import { admissionRequest } from "../verbs/admission-request.ts";
import { PlainBody } from "../verbs/decode-object.ts";
import { requireBody } from "../verbs/request-body.ts";
import { reviewLocalAccess, reviewOwnAccess, reviewOwnRules, reviewSubjectAccess } from "./access-reviews.ts";
import { reviewSelf, reviewToken } from "./token-reviews.ts";

type Review = (context: ServerContext, call: ResourceCall) => Promise<Answer>;

/** Kinds that are created to get an answer, and never stored. */
const REVIEWS = new Map<KindDefinition, Review>([
  [selfSubjectAccessReviews, reviewOwnAccess],
  [selfSubjectRulesReviews, reviewOwnRules],
  [selfSubjectReviews, reviewSelf],
  [subjectAccessReviews, reviewSubjectAccess],
  [localSubjectAccessReviews, reviewLocalAccess],
  [tokenReviews, reviewToken],
]);

/** The answer to a review; undefined for kinds that are stored. */
export async function review(context: ServerContext, call: ResourceCall): Promise<Answer | undefined> {
  if (call.kind === bindings) return bindByName(context, call);
  const answer = REVIEWS.get(call.kind);
  if (!answer) return undefined;
  const admission = admissionRequest(call, "CREATE", { object: requireBody(call) });
  await context.admission.mutate(admission);
  await context.admission.validate(admission);
  return answer(context, { ...call, body: new PlainBody(admission.object) });
}

/** POST to `bindings`: the old form of `pods/NAME/binding`, with the pod's name in the body. */
function bindByName(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const { name } = requireBody(call).metadata;
  return createBinding(context, {
    ...call,
    kind: pods,
    info: { ...call.info, resource: "pods", name, subresource: "binding" },
  });
}
