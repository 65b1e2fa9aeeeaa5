import { type AdmissionPlugin, concerns, refusalOf } from "./admission.ts";

/** External addresses are a way to other people's traffic (CVE-2020-8554): a Service may keep those that it has. */
export const denyServiceExternalIps: AdmissionPlugin = {
  name: "DenyServiceExternalIPs",
  validate(request) {
    if (!concerns(request, "", "services", "CREATE", "UPDATE")) return;
    const had: string[] = request.oldObject?.spec.externalIPs ?? [];
    const has: string[] = request.object!.spec.externalIPs ?? [];
    if (!has.every((address) => had.includes(address)))
      throw refusalOf(request, "Use of external IPs is denied by admission control");
  },
};
