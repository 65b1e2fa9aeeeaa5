import { type GroupResource, groupResourceText } from "../status-error.ts";
import { claimEvaluator } from "./claim-evaluator.ts";
import type { QuotaEvaluator } from "./evaluator.ts";
import { objectCount } from "./object-count.ts";
import { podEvaluator } from "./pod-evaluator.ts";
import { serviceEvaluator } from "./service-evaluator.ts";

const SPECIAL: Record<string, QuotaEvaluator> = {
  pods: podEvaluator,
  services: serviceEvaluator,
  persistentvolumeclaims: claimEvaluator,
};

/** What is not kept, and events. */
const UNCOUNTED = new Set([
  "bindings",
  "componentstatuses",
  "events",
  "events.events.k8s.io",
  "tokenreviews.authentication.k8s.io",
  "selfsubjectreviews.authentication.k8s.io",
  "subjectaccessreviews.authorization.k8s.io",
  "selfsubjectaccessreviews.authorization.k8s.io",
  "localsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectrulesreviews.authorization.k8s.io",
]);

/** How objects of a resource are counted; undefined where they are not. */
export function quotaEvaluatorOf(of: GroupResource): QuotaEvaluator | undefined {
  const resource = groupResourceText(of);
  return UNCOUNTED.has(resource) ? undefined : (SPECIAL[resource] ?? objectCount(resource));
}
