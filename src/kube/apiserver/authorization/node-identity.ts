import type { UserInfo } from "../../client/types.ts";
import { NODE_USER_PREFIX, NODES } from "../authentication/users.ts";

/**
 * The node that a kubelet's identity names; empty where it names none, undefined for who is no kubelet
 * (nodeidentifier.NodeIdentity).
 */
export function nodeOf(user: UserInfo): string | undefined {
  if (!user.name.startsWith(NODE_USER_PREFIX) || !user.groups.includes(NODES)) return undefined;
  return user.name.slice(NODE_USER_PREFIX.length);
}
