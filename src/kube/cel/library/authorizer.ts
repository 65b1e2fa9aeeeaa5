import { isDns1123Label, isDns1123Subdomain } from "../../../formats/index.ts";
import type { AuthorizationCheck, AuthorizationDecision } from "../functions/authorization.ts";
import { type CelFunction, fn, type Implementation, memberOverload } from "../functions/declaration.ts";
import { BOOL, type CelType, objectType, STRING } from "../types/cel-type.ts";
import { CelError } from "../values/cel-error.ts";
import { CelObject, type CelValue } from "../values/value.ts";

/** The type of the variable `authorizer`. */
export const AUTHORIZER_TYPE = objectType("kubernetes.authorization.Authorizer");
const PATH_CHECK_TYPE = objectType("kubernetes.authorization.PathCheck");
const GROUP_CHECK_TYPE = objectType("kubernetes.authorization.GroupCheck");
/** The type of the variable `authorizer.requestResource`. */
export const RESOURCE_CHECK_TYPE = objectType("kubernetes.authorization.ResourceCheck");
const DECISION_TYPE = objectType("kubernetes.authorization.Decision");

/** What a check has been told so far, or what it has answered. */
class AuthorizationObject<T> extends CelObject {
  readonly type: CelType;
  readonly content: T;

  constructor(type: CelType, content: T) {
    super();
    this.type = type;
    this.content = content;
  }

  equals(other: CelObject): boolean {
    return other === this;
  }
}

type Subject = Pick<AuthorizationCheck, "serviceAccount">;
type PathCheck = Subject & { path: string };
type GroupCheck = Subject & { group: string };
/** What is asked about a resource; texts that nothing is said of are empty. */
type ResourceCheck = Omit<Extract<AuthorizationCheck, { resource: string }>, "verb">;

/** The value of the variable `authorizer`. */
export function authorizerValue(): CelObject {
  return new AuthorizationObject<Subject>(AUTHORIZER_TYPE, {});
}

/** The value of the variable `authorizer.requestResource`: a check of what the request itself is about. */
export function requestResourceValue(
  resource: Pick<ResourceCheck, "group" | "resource" | "subresource" | "namespace" | "name">,
): CelObject {
  const check: ResourceCheck = { ...resource, fieldSelector: "", labelSelector: "" };
  return new AuthorizationObject(RESOURCE_CHECK_TYPE, check);
}

const contentOf = <T>(value: CelValue | undefined): T => (value as AuthorizationObject<T>).content;

const path: Implementation = ([authorizer, text]) => {
  if ((text as string).trim() === "") return new CelError("path must not be empty");
  const check: PathCheck = { ...contentOf<Subject>(authorizer), path: text as string };
  return new AuthorizationObject(PATH_CHECK_TYPE, check);
};

const group: Implementation = ([authorizer, text]) => {
  const check: GroupCheck = { ...contentOf<Subject>(authorizer), group: text as string };
  return new AuthorizationObject(GROUP_CHECK_TYPE, check);
};

const serviceAccount: Implementation = ([, namespace, name]) => {
  if (isDns1123Subdomain(name as string).length > 0) return new CelError("Invalid service account name");
  if (isDns1123Label(namespace as string).length > 0)
    return new CelError("Invalid service account namespace");
  const subject: Subject = { serviceAccount: { namespace: namespace as string, name: name as string } };
  return new AuthorizationObject(AUTHORIZER_TYPE, subject);
};

const resource: Implementation = ([groupCheck, text]) => {
  if ((text as string).trim() === "") return new CelError("resource must not be empty");
  const check: ResourceCheck = {
    ...contentOf<GroupCheck>(groupCheck),
    resource: text as string,
    ...{ subresource: "", namespace: "", name: "", fieldSelector: "", labelSelector: "" },
  };
  return new AuthorizationObject(RESOURCE_CHECK_TYPE, check);
};

type Detail = "subresource" | "namespace" | "name" | "fieldSelector" | "labelSelector";

/** Says one thing more of a resource. */
function detail(name: Detail, id: string): CelFunction {
  return fn(name, [
    memberOverload(id, [RESOURCE_CHECK_TYPE, STRING], RESOURCE_CHECK_TYPE, ([check, text]) => {
      const content: ResourceCheck = { ...contentOf<ResourceCheck>(check), [name]: text as string };
      return new AuthorizationObject(RESOURCE_CHECK_TYPE, content);
    }),
  ]);
}

const check: Implementation = ([asked, verb], context) => {
  const question = { ...contentOf<PathCheck | ResourceCheck>(asked), verb: verb as string };
  return new AuthorizationObject(DECISION_TYPE, context.authorize(question));
};

function answer(
  name: string,
  result: CelType,
  read: (decision: AuthorizationDecision) => CelValue,
): CelFunction {
  return fn(name, [
    memberOverload(`decision_${name}`, [DECISION_TYPE], result, ([decision]) => read(contentOf(decision))),
  ]);
}

/** Checks of what a user may do (from 1.27 on). */
export const AUTHORIZER_FUNCTIONS: CelFunction[] = [
  fn("path", [memberOverload("authorizer_path", [AUTHORIZER_TYPE, STRING], PATH_CHECK_TYPE, path)]),
  fn("group", [memberOverload("authorizer_group", [AUTHORIZER_TYPE, STRING], GROUP_CHECK_TYPE, group)]),
  fn("serviceAccount", [
    memberOverload(
      "authorizer_serviceaccount",
      [AUTHORIZER_TYPE, STRING, STRING],
      AUTHORIZER_TYPE,
      serviceAccount,
    ),
  ]),
  fn("resource", [
    memberOverload("groupcheck_resource", [GROUP_CHECK_TYPE, STRING], RESOURCE_CHECK_TYPE, resource),
  ]),
  detail("subresource", "resourcecheck_subresource"),
  detail("namespace", "resourcecheck_namespace"),
  detail("name", "resourcecheck_name"),
  fn("check", [
    memberOverload("pathcheck_check", [PATH_CHECK_TYPE, STRING], DECISION_TYPE, check),
    memberOverload("resourcecheck_check", [RESOURCE_CHECK_TYPE, STRING], DECISION_TYPE, check),
  ]),
  answer("errored", BOOL, ({ error }) => error !== undefined),
  answer("error", STRING, ({ error }) => error ?? ""),
  answer("allowed", BOOL, ({ allowed }) => allowed),
  answer("reason", STRING, ({ reason }) => reason),
];

/** Selectors within checks (from 1.31 on). */
export const AUTHORIZER_SELECTOR_FUNCTIONS: CelFunction[] = [
  detail("fieldSelector", "authorizer_fieldselector"),
  detail("labelSelector", "authorizer_labelselector"),
];
