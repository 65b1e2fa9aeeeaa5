import type { UserInfo } from "../../client/types.ts";
import type { RequestInfo } from "../request-info.ts";
import type { AbacPolicy } from "./abac-policies.ts";
import type { Authorization, Authorizer } from "./authorizer.ts";

const READING = ["get", "list", "watch"];
const ALLOWED: Authorization = { decision: "allow" };
const UNMATCHED: Authorization = { decision: "noOpinion", reason: "No policy matched." };

/** Allows what one of the policies of a file is about (the mode ABAC). */
export class AbacAuthorizer implements Authorizer {
  readonly #policies: readonly AbacPolicy[];

  constructor(policies: readonly AbacPolicy[]) {
    this.#policies = policies;
  }

  authorize(user: UserInfo, info: RequestInfo): Authorization {
    const matches = this.#policies.some(
      (policy) =>
        isOf(user, policy) && (!policy.isReadOnly || READING.includes(info.verb)) && isAbout(info, policy),
    );
    return matches ? ALLOWED : UNMATCHED;
  }
}

/** Who is named by user and by group must be both. */
function isOf({ name, groups }: UserInfo, { user, group }: AbacPolicy): boolean {
  if (user === "" && group === "") return false;
  return (user === "" || user === name) && (group === "" || groups.includes(group));
}

function isAbout(info: RequestInfo, { namespace, resource, apiGroup, nonResourcePath }: AbacPolicy): boolean {
  const fits = (wanted: string, value: string) => wanted === "*" || wanted === value;
  if (info.isResource)
    return (
      fits(namespace, info.namespace ?? "") && fits(resource, info.resource) && fits(apiGroup, info.group)
    );
  if (fits(nonResourcePath, info.path)) return true;
  return nonResourcePath.endsWith("*") && info.path.startsWith(nonResourcePath.replace(/\*+$/, ""));
}
