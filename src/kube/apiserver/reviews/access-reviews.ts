import { type KubeObject, statusBadRequest } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import { nodeOf } from "../authorization/node-identity.ts";
import type { RequestInfo } from "../request-info.ts";
import type { Answer, ResourceCall, ServerContext } from "../server-context.ts";
import { requireBody } from "../verbs/request-body.ts";
import { evaluationError, fieldRequirementsOf, type ReviewSelectors } from "./review-selectors.ts";
import {
  refuseAccessReview,
  refuseLocalAccessReview,
  refuseSubjectAccessReview,
} from "./validate-access-review.ts";

interface AccessSpec {
  resourceAttributes?: ReviewSelectors & {
    namespace?: string;
    verb?: string;
    group?: string;
    version?: string;
    resource?: string;
    subresource?: string;
    name?: string;
  };
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

/** `kubectl auth can-i`. */
export async function reviewOwnAccess(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const object = requireBody(call);
  refuseAccessReview(object);
  return reviewed(context, call, object, call.user);
}

/** What another user may do. */
export async function reviewSubjectAccess(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const object = requireBody(call);
  refuseSubjectAccessReview(object);
  return reviewed(context, call, object, subjectOf(object.spec ?? {}));
}

/** As above, for one namespace. */
export async function reviewLocalAccess(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const object = requireBody(call);
  refuseLocalAccessReview(object, call);
  return reviewed(context, call, object, subjectOf(object.spec ?? {}));
}

function subjectOf({ user, groups = [], uid, extra }: AccessSpec): UserInfo {
  return { name: user ?? "", groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
}

async function reviewed(
  context: ServerContext,
  { kind }: ResourceCall,
  object: KubeObject,
  user: UserInfo,
): Promise<Answer> {
  const info = requestOf(object.spec ?? {});
  const error = evaluationError(object.spec?.resourceAttributes ?? {});
  const { decision, reason } = await context.authorizer.authorize(user, info);
  object.status = {
    allowed: decision === "allow",
    ...(decision === "deny" ? { denied: true } : {}),
    ...(reason ? { reason } : {}),
    ...(error ? { evaluationError: error } : {}),
  };
  return { form: "object", kind, object, code: 201 };
}

function requestOf(spec: AccessSpec): RequestInfo {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (nonResourceAttributes) {
    return {
      isResource: false,
      verb: nonResourceAttributes.verb ?? "",
      path: nonResourceAttributes.path ?? "",
    };
  }
  const {
    verb = "",
    group = "",
    version = "",
    resource = "",
    subresource,
    namespace,
    name,
    fieldSelector,
  } = resourceAttributes!;
  return {
    isResource: true,
    path: "",
    verb,
    group,
    version,
    resource,
    ...(subresource ? { subresource } : {}),
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...(fieldSelector ? { fieldRequirements: fieldRequirementsOf(fieldSelector) } : {}),
  };
}

/** `kubectl auth can-i --list`. */
export async function reviewOwnRules(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const object = requireBody(call);
  const namespace = object.spec?.namespace as string | undefined;
  if (!namespace) throw statusBadRequest("no namespace on request");
  object.spec = {};
  const rules = context.rbac.rulesFor(call.user, namespace).map((granted) => granted.rule);
  object.status = {
    resourceRules: rules
      .filter((rule) => rule.resources?.length)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        resourceNames,
      })),
    nonResourceRules: rules
      .filter((rule) => rule.nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    // What the node authorizer grants depends on the objects there are.
    ...(nodeOf(call.user) === undefined
      ? { incomplete: false }
      : { incomplete: true, evaluationError: "node authorizer does not support user rule resolution" }),
  };
  return { form: "object", kind: call.kind, object, code: 201 };
}
