import { isDns1123Label, isDns1123Subdomain } from "../../../formats/index.ts";
import type { UserInfo } from "../../client/types.ts";

export const ALL_AUTHENTICATED = "system:authenticated";
export const ALL_UNAUTHENTICATED = "system:unauthenticated";
export const MASTERS = "system:masters";
export const ALL_SERVICE_ACCOUNTS = "system:serviceaccounts";
export const NODES = "system:nodes";
export const NODE_USER_PREFIX = "system:node:";

/** Key of the extra that tells by which proof somebody is known. */
export const CREDENTIAL_ID = "authentication.kubernetes.io/credential-id";

export const anonymous: UserInfo = { name: "system:anonymous", groups: [ALL_UNAUTHENTICATED] };

const SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:";

export function serviceAccountUserName(namespace: string, name: string): string {
  return `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`;
}

export function serviceAccountGroups(namespace: string): string[] {
  return [ALL_SERVICE_ACCOUNTS, `${ALL_SERVICE_ACCOUNTS}:${namespace}`];
}

/** Namespace and name behind a service account's user name. */
export function parseServiceAccountUserName(user: string): { namespace: string; name: string } | undefined {
  if (!user.startsWith(SERVICE_ACCOUNT_PREFIX)) return undefined;
  const [namespace, name, more] = user.slice(SERVICE_ACCOUNT_PREFIX.length).split(":");
  if (!namespace || !name || more !== undefined) return undefined;
  const isValid = isDns1123Label(namespace).length === 0 && isDns1123Subdomain(name).length === 0;
  return isValid ? { namespace, name } : undefined;
}

const completed = new WeakMap<UserInfo, UserInfo>();

/** Everybody who proved who they are is in `system:authenticated`. Of the same user the same object comes each time. */
export function authenticated(user: UserInfo): UserInfo {
  const isPlaced = user.groups.includes(ALL_AUTHENTICATED) || user.groups.includes(ALL_UNAUTHENTICATED);
  if (isPlaced || user.name === anonymous.name) return user;
  let complete = completed.get(user);
  if (!complete) {
    complete = { ...user, groups: [...user.groups, ALL_AUTHENTICATED] };
    completed.set(user, complete);
  }
  return complete;
}
