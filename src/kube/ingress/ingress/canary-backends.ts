import type { HTTPIngressPath, Ingress, IngressBackend } from "../../api/index.ts";
import type { CanarySettings } from "../annotations/ingress-settings.ts";
import { readIngressSettings } from "../annotations/read-ingress-settings.ts";

export interface CanaryBackend {
  readonly backend: IngressBackend;
  readonly settings: CanarySettings;
}

/** What canaries say of a path of another Ingress; the oldest first, of which one counts. */
export function canaryBackends(
  canaries: readonly Ingress[],
  host: string,
  { path = "/" }: HTTPIngressPath,
): CanaryBackend[] {
  return canaries.flatMap((canary) => {
    const { canary: settings, refused } = readIngressSettings(canary);
    if (!settings || refused !== undefined) return [];
    return (canary.spec.rules ?? [])
      .filter((rule) => (rule.host?.toLowerCase() || "*") === host)
      .flatMap(({ http }) => http?.paths ?? [])
      .filter((one) => (one.path || "/") === path)
      .map(({ backend }) => ({ backend, settings }));
  });
}
