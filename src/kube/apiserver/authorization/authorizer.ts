import { aggregateText, statusForbidden, statusInternal } from "../../api/index.ts";
import type { UserInfo } from "../../client/types.ts";
import type { RequestInfo } from "../request-info.ts";

export type Decision = "allow" | "deny" | "noOpinion";

export interface Authorization {
  decision: Decision;
  /** Why, for the one who asks with `kubectl auth can-i`. */
  reason?: string;
  /** Why who was asked has no opinion where it should have one. */
  error?: string;
}

/** Says whether a user may do what a request wants. */
export interface Authorizer {
  authorize(user: UserInfo, info: RequestInfo): Promise<Authorization> | Authorization;
}

/** Asks one after the other; the first that has an opinion decides, and nobody's opinion is a refusal. */
export class AuthorizerChain implements Authorizer {
  readonly #authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers;
  }

  async authorize(user: UserInfo, info: RequestInfo): Promise<Authorization> {
    const reasons: string[] = [];
    const errors: string[] = [];
    for (const authorizer of this.#authorizers) {
      const asked = authorizer.authorize(user, info);
      const answer = asked instanceof Promise ? await asked : asked;
      if (answer.decision !== "noOpinion") return answer;
      if (answer.reason) reasons.push(answer.reason);
      if (answer.error) errors.push(answer.error);
    }
    const error = errors.length > 0 ? { error: aggregateText(errors) } : {};
    return { decision: "noOpinion", reason: reasons.join(", "), ...error };
  }
}

/** Throws Forbidden with upstream's message unless the authorizer allows the request. */
export async function authorize(authorizer: Authorizer, user: UserInfo, info: RequestInfo): Promise<void> {
  refuseUnlessAllowed(await authorizer.authorize(user, info), user, info);
}

/** As `authorize`, of what was asked already. */
export function refuseUnlessAllowed(
  { decision, reason, error }: Authorization,
  user: UserInfo,
  info: RequestInfo,
): void {
  if (decision === "allow") return;
  if (error) throw statusInternal(error);
  const why = forbiddenMessage(user, info) + (reason ? `: ${reason}` : "");
  if (!info.isResource) throw statusForbidden(undefined, "", why);
  throw statusForbidden(info, info.name ?? "", why);
}

/** apiserver's responsewriters.forbiddenMessage. */
function forbiddenMessage(user: UserInfo, info: RequestInfo): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${info.verb}`;
  if (!info.isResource) return `${who} path ${JSON.stringify(info.path)}`;
  const resource = info.subresource === undefined ? info.resource : `${info.resource}/${info.subresource}`;
  const what = `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(info.group)}`;
  return info.namespace
    ? `${what} in the namespace ${JSON.stringify(info.namespace)}`
    : `${what} at the cluster scope`;
}
