import { defaultManager } from "../../api/index.ts";
import type { ResourceCall } from "../server-context.ts";

/** Whose the fields are that a request writes: who it says, or what program sends it. */
export function fieldManagerName({ query, userAgent }: Pick<ResourceCall, "query" | "userAgent">): string {
  return query.fieldManager || defaultManager(userAgent);
}
