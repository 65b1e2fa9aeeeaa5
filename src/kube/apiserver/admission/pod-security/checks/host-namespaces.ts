import type { Check, CheckedPod, Violation } from "../check.ts";

export const hostNamespaces: Check = { id: "hostNamespaces", rules: [{ since: 0, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const shared = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field]);
  if (shared.length === 0) return undefined;
  return { reason: "host namespaces", detail: shared.map((field) => `${field}=true`).join(", ") };
}
