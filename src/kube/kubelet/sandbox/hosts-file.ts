import { readFileSync } from "node:fs";
import type { Pod } from "../../api/index.ts";

/** `/etc/hosts` of a pod as upstream's kubelet manages it. */
export function hostsFile(pod: Pod, podIp: string, hostname: string, domain: string): string {
  const own = pod.spec.hostNetwork ? nodeHosts() : podHosts(podIp, hostname, domain);
  return own + aliases(pod);
}

function podHosts(podIp: string, hostname: string, domain: string): string {
  const lines = [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
  ];
  if (podIp !== "")
    lines.push(domain === "" ? `${podIp}\t${hostname}` : `${podIp}\t${hostname}.${domain}\t${hostname}`);
  return lines.map((line) => `${line}\n`).join("");
}

function nodeHosts(): string {
  const header = "# Kubernetes-managed hosts file (host network).\n";
  try {
    return header + readFileSync("/etc/hosts", "utf8");
  } catch {
    return `${header}127.0.0.1\tlocalhost\n`;
  }
}

function aliases(pod: Pod): string {
  const entries = pod.spec.hostAliases ?? [];
  if (entries.length === 0) return "";
  const lines = entries.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join("\t")}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join("")}`;
}
