import type { Service } from "../../generated/types.ts";
import { warningsOfCidr, warningsOfIp } from "../../ip-address.ts";

const OLD_TOPOLOGY = "service.kubernetes.io/topology-aware-hints";
const TOPOLOGY = "service.kubernetes.io/topology-mode";

/** What a service that is taken is warned of (upstream GetWarningsForService). */
export function warningsOfService({ metadata, spec }: Service): string[] {
  const { type, clusterIPs = [], externalIPs = [], externalName } = spec;
  const isExternal = type === "ExternalName";
  const addresses = isExternal || clusterIPs[0] === "None" ? [] : clusterIPs;
  const warnings = [
    ...addresses.flatMap((ip, index) => warningsOfIp(`spec.clusterIPs[${index}]`, ip)),
    ...externalIPs.flatMap((ip, index) => warningsOfIp(`spec.externalIPs[${index}]`, ip)),
    ...(spec.loadBalancerIP ? warningsOfIp("spec.loadBalancerIP", spec.loadBalancerIP) : []),
    ...(spec.loadBalancerSourceRanges ?? []).flatMap((cidr, index) =>
      warningsOfCidr(`spec.loadBalancerSourceRanges[${index}]`, cidr),
    ),
  ];
  if (metadata.annotations?.[OLD_TOPOLOGY] !== undefined)
    warnings.unshift(`annotation ${OLD_TOPOLOGY} is deprecated, please use ${TOPOLOGY} instead`);
  if (isExternal && externalIPs.length > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (!isExternal && externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  return warnings;
}

export function warningsOfServiceStatus({ status }: Pick<Service, "status">): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, index) =>
    warningsOfIp(`status.loadBalancer.ingress[${index}]`, ip ?? ""),
  );
}
