import { statusForbidden } from "../../api/index.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";

/** `spec.externalIPs` lets whoever may write a Service take over others' traffic (CVE-2020-8554): no new ones. */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: "DenyServiceExternalIPs",
  validate(request) {
    if (!concerns(request, "", "services", "CREATE", "UPDATE")) return;
    const before = new Set((request.oldObject?.spec?.externalIPs ?? []) as string[]);
    const added = ((request.object!.spec?.externalIPs ?? []) as string[]).filter((ip) => !before.has(ip));
    if (added.length === 0) return;
    throw statusForbidden(
      request.kind,
      request.object!.metadata.name,
      "Use of external IPs is denied by admission control.",
    );
  },
};
