import type { IncomingMessage } from "node:http";
import { GantryError } from "../../base/index.ts";
import type { UserInfo } from "../client/types.ts";
import { extraKey } from "./authentication/extra-key.ts";
import {
  ALL_AUTHENTICATED,
  ALL_UNAUTHENTICATED,
  anonymous,
  parseServiceAccountUserName,
  serviceAccountGroups,
} from "./authentication/users.ts";
import { type Authorizer, authorize } from "./authorization/authorizer.ts";
import type { ResourceRequestInfo } from "./request-info.ts";

/** The `Impersonate-*` headers of a request (`kubectl --as`). */
export interface Impersonation {
  /** Empty counts as absent. */
  user: string;
  uid: string;
  groups: string[];
  extra: [key: string, value: string][];
  /** Whether there was a header with an extra, be it without values. */
  hasExtra: boolean;
}

/** Of a request that names groups, uid or extra, and nobody whose they are: upstream answers 500 in plain text. */
export const NOBODY_IMPERSONATED = "Kubernetes.NobodyImpersonated";

const AUTHENTICATION_GROUP = "authentication.k8s.io";
const PREFIX = "impersonate-";
const EXTRA_PREFIX = `${PREFIX}extra-`;

/** What the headers ask for; undefined where they ask for nothing. */
export function impersonationOf({ headersDistinct }: IncomingMessage): Impersonation | undefined {
  if (!Object.keys(headersDistinct).some((name) => name.startsWith(PREFIX))) return undefined;
  const groups = headersDistinct["impersonate-group"] ?? [];
  const extra: [string, string][] = [];
  let hasExtra = false;
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    if (!name.startsWith(EXTRA_PREFIX)) continue;
    hasExtra = true;
    const key = extraKey(name.slice(EXTRA_PREFIX.length));
    for (const value of values) extra.push([key, value]);
  }
  const user = headersDistinct["impersonate-user"]?.[0] ?? "";
  const uid = headersDistinct["impersonate-uid"]?.[0] ?? "";
  if (user === "" && uid === "" && groups.length === 0 && !hasExtra) return undefined;
  return { user, uid, groups, extra, hasExtra };
}

/**
 * Who the request acts as: the caller, or whom it impersonates, if the caller may do that for each part asked for
 * (apiserver's filters.WithImpersonation).
 */
export async function impersonate(
  caller: UserInfo,
  wanted: Impersonation | undefined,
  authorizer: Authorizer,
): Promise<UserInfo> {
  if (!wanted) return caller;
  if (wanted.user === "") {
    throw new GantryError("InvalidArgument", `requested ${listed(wanted)} without impersonating a user`, {
      code: NOBODY_IMPERSONATED,
    });
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
  for (const [key, value] of wanted.extra) {
    await may("userextras", value, { group: AUTHENTICATION_GROUP, subresource: key });
  }
  if (wanted.uid !== "") await may("uids", wanted.uid, { group: AUTHENTICATION_GROUP });
  return impersonated(wanted, account);
}

function impersonated(wanted: Impersonation, account: { namespace: string } | undefined): UserInfo {
  const groups =
    account && wanted.groups.length === 0 ? serviceAccountGroups(account.namespace) : wanted.groups;
  const user: UserInfo = { name: wanted.user, groups: withImpliedGroup(wanted.user, groups) };
  if (wanted.uid !== "") user.uid = wanted.uid;
  if (wanted.extra.length > 0) {
    user.extra = Object.create(null) as Record<string, string[]>;
    for (const [key, value] of wanted.extra) {
      user.extra[key] ??= [];
      user.extra[key].push(value);
    }
  }
  return user;
}

/** Everybody is in one of these two; who asks for either gets what was asked for. */
function withImpliedGroup(user: string, groups: readonly string[]): string[] {
  if (groups.includes(ALL_UNAUTHENTICATED)) return [...groups];
  if (user === anonymous.name) return [...groups, ALL_UNAUTHENTICATED];
  return groups.includes(ALL_AUTHENTICATED) ? [...groups] : [...groups, ALL_AUTHENTICATED];
}

/** As Go prints the object references that upstream keeps them in: kind, namespace, name, uid, version, revision, path. */
function listed({ uid, groups, extra }: Impersonation): string {
  const version = `${AUTHENTICATION_GROUP}/v1`;
  const references = [
    ...groups.map((group) => `{Group  ${group}    }`),
    ...extra.map(([key, value]) => `{UserExtra  ${value}  ${version}  ${key}}`),
    ...(uid === "" ? [] : [`{UID  ${uid}  ${version}  }`]),
  ];
  return `[${references.join(" ")}]`;
}
