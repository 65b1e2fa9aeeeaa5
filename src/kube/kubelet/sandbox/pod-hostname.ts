import { invalidArgument } from "../../../base/index.ts";
import type { Pod } from "../../api/index.ts";

/** Linux' limit of a host name. */
const MAX_HOSTNAME = 64;
const MAX_LABEL = 63;

export interface PodHostname {
  /** What `hostname` prints. */
  hostname: string;
  /** The pod's short name. */
  shortName: string;
  /** `sub.ns.svc.cluster.local`, or empty. */
  domain: string;
}

export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostname, subdomain, setHostnameAsFQDN } = pod.spec;
  const shortName = hostname || truncate(pod.metadata.name);
  const domain = subdomain ? `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : "";
  if (!setHostnameAsFQDN || domain === "") return { hostname: shortName, shortName, domain };
  const full = `${shortName}.${domain}`;
  if (full.length > MAX_HOSTNAME) {
    throw invalidArgument(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${full} is too long (${MAX_HOSTNAME} characters is the max, ${full.length} characters requested)`,
      { code: "Kubelet.HostnameTooLong" },
    );
  }
  return { hostname: full, shortName, domain };
}

/** A pod's name may be longer than a host name, which may not end in a dash or dot. */
function truncate(name: string): string {
  return name.length <= MAX_LABEL ? name : name.slice(0, MAX_LABEL).replace(/[-.]+$/, "");
}
