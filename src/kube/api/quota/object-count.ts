import type { QuotaEvaluator } from "./evaluator.ts";

/** Resources whose number has a second name, from before every resource had one. */
const OLD_NAMES = new Set(["configmaps", "resourcequotas", "replicationcontrollers", "secrets"]);

/** `count/deployments.apps`. */
export const countName = (groupResource: string): string => `count/${groupResource}`;

/** Counts objects; no scope holds for them. */
export function objectCount(groupResource: string): QuotaEvaluator {
  const names = [countName(groupResource), ...(OLD_NAMES.has(groupResource) ? [groupResource] : [])];
  return {
    handles: ({ operation, subresource }) => operation === "CREATE" && subresource === undefined,
    matchingNames: (given) => given.filter((name) => names.includes(name)),
    usage: () => Object.fromEntries(names.map((name) => [name, "1"])),
    matchesScope: () => false,
  };
}
