import { statusBadRequest } from "../api/index.ts";
import type { UserInfo } from "../client/types.ts";
import {
  anonymous,
  authenticated,
  parseServiceAccountUserName,
  serviceAccountGroups,
} from "./authentication/users.ts";
import { type Authorizer, authorize } from "./authorization/authorizer.ts";
import type { ResourceRequestInfo } from "./request-info.ts";

/** The `Impersonate-*` headers of a request (`kubectl --as`). */
export interface Impersonation {
  user: string | undefined;
  uid: string | undefined;
  groups: string[];
  extra: Record<string, string[]>;
}

const AUTHENTICATION_GROUP = "authentication.k8s.io";

/** Who the request acts as: the caller, or whom it impersonates, if the caller may do that for each part asked for. */
export async function impersonate(
  caller: UserInfo,
  wanted: Impersonation | undefined,
  authorizer: Authorizer,
): Promise<UserInfo> {
  if (!wanted) return caller;
  if (wanted.user === undefined) {
    throw statusBadRequest("requested impersonation of groups, uid or extra without impersonating a user");
  }
  const account = parseServiceAccountUserName(wanted.user);
  const may = (resource: string, name: string, more: Partial<ResourceRequestInfo> = {}) =>
    authorize(authorizer, caller, {
      isResource: true,
      verb: "impersonate",
      path: "",
      group: "",
      version: "v1",
      resource,
      name,
      ...more,
    });
  if (account) await may("serviceaccounts", account.name, { namespace: account.namespace });
  else await may("users", wanted.user);
  for (const group of wanted.groups) await may("groups", group);
  if (wanted.uid !== undefined) await may("uids", wanted.uid, { group: AUTHENTICATION_GROUP });
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const value of values) {
      await may("userextras", value, { group: AUTHENTICATION_GROUP, subresource: key });
    }
  }
  const groups = [
    ...wanted.groups,
    ...(account && wanted.groups.length === 0 ? serviceAccountGroups(account.namespace) : []),
  ];
  const user: UserInfo = { name: wanted.user, groups, extra: wanted.extra };
  if (wanted.uid !== undefined) user.uid = wanted.uid;
  return wanted.user === anonymous.name ? user : authenticated(user);
}
