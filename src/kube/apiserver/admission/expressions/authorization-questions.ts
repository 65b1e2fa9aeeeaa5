import { errorMessage } from "../../../../base/index.ts";
import { parseFieldSelector } from "../../../../formats/index.ts";
import { AuthorizationAnswers, type AuthorizationCheck, type Authorize } from "../../../cel/index.ts";
import type { UserInfo } from "../../../client/types.ts";
import { serviceAccountGroups, serviceAccountUserName } from "../../authentication/users.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import type { RequestInfo, ResourceRequestInfo } from "../../request-info.ts";

/** What the expressions that judge one request ask of the authorizer: each question once (plugin/authorizer CachingAuthorizer). */
export class AuthorizationQuestions {
  readonly #answers = new AuthorizationAnswers();
  readonly #authorize: Authorize;

  constructor(authorizer: Authorizer, user: UserInfo) {
    this.#authorize = (check) => decide(authorizer, user, check);
  }

  /** What `evaluate` gives with the answers that it needs; it is called anew for each that was not known. */
  settle<T>(evaluate: (answers: AuthorizationAnswers) => T): Promise<T> {
    return this.#answers.settle(this.#authorize, () => evaluate(this.#answers));
  }
}

async function decide(authorizer: Authorizer, user: UserInfo, check: AuthorizationCheck) {
  try {
    const { decision, reason = "" } = await authorizer.authorize(subjectOf(user, check), infoOf(check));
    return { allowed: decision === "allow", reason };
  } catch (error) {
    return { allowed: false, reason: "", error: errorMessage(error) };
  }
}

function subjectOf(user: UserInfo, { serviceAccount }: AuthorizationCheck): UserInfo {
  if (!serviceAccount) return user;
  const { namespace, name } = serviceAccount;
  return { name: serviceAccountUserName(namespace, name), groups: serviceAccountGroups(namespace) };
}

function infoOf(check: AuthorizationCheck): RequestInfo {
  if ("path" in check) return { isResource: false, verb: check.verb, path: check.path };
  const { verb, group, resource, subresource, namespace, name, fieldSelector } = check;
  return {
    isResource: true,
    path: "",
    verb,
    group,
    version: "*",
    resource,
    ...(subresource ? { subresource } : {}),
    ...(namespace ? { namespace } : {}),
    ...(name ? { name } : {}),
    ...demandsOf(fieldSelector),
  };
}

/** A selector that cannot be read demands nothing, and so grants nothing more. */
function demandsOf(fieldSelector: string): Pick<ResourceRequestInfo, "fieldRequirements"> {
  if (!fieldSelector) return {};
  try {
    return { fieldRequirements: parseFieldSelector(fieldSelector).requirements };
  } catch {
    return {};
  }
}
