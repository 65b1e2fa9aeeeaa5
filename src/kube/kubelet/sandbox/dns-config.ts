import { readFile } from "node:fs/promises";
import type { DnsConfig } from "../../../cri/types.ts";
import type { Pod } from "../../api/index.ts";

export interface DnsOptions {
  /** Address of the cluster's name service; undefined: there is none. */
  clusterDns: string | undefined;
  clusterDomain: string;
  /** The node's own resolver configuration. */
  resolvConfPath: string;
}

/** resolv.conf(5) takes at most three servers; upstream's limits for the rest. */
const MAX_SERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARACTERS = 2048;

/** What stands in the pod's resolv.conf, by its dnsPolicy and dnsConfig. */
export async function podDnsConfig(pod: Pod, options: DnsOptions): Promise<DnsConfig> {
  const host = await hostConfig(options.resolvConfPath);
  const config = mergeDnsConfig(basis(pod, host, options), pod);
  return { ...config, servers: config.servers.slice(0, MAX_SERVERS), searches: cutSearches(config.searches) };
}

function basis(pod: Pod, host: DnsConfig, { clusterDns, clusterDomain }: DnsOptions): DnsConfig {
  const policy = pod.spec.dnsPolicy ?? "ClusterFirst";
  if (policy === "None") return { servers: [], searches: [], options: [] };
  const usesCluster =
    clusterDns !== undefined &&
    (policy === "ClusterFirstWithHostNet" || (policy === "ClusterFirst" && !pod.spec.hostNetwork));
  if (!usesCluster) return host;
  const { namespace } = pod.metadata;
  const own = [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return {
    servers: [clusterDns],
    searches: unique([...own, ...host.searches]),
    options: ["ndots:5"],
  };
}

function mergeDnsConfig(config: DnsConfig, pod: Pod): DnsConfig {
  const extra = pod.spec.dnsConfig;
  if (!extra) return config;
  const options = new Map(config.options.map((option) => [option.split(":")[0]!, option]));
  for (const { name, value } of extra.options ?? []) {
    if (name) options.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  }
  return {
    servers: unique([...config.servers, ...(extra.nameservers ?? [])]),
    searches: unique([...config.searches, ...(extra.searches ?? [])]),
    options: [...options.values()],
  };
}

async function hostConfig(path: string): Promise<DnsConfig> {
  const config: DnsConfig = { servers: [], searches: [], options: [] };
  let text = "";
  try {
    text = await readFile(path, "utf8");
  } catch {
    return config;
  }
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === "nameserver" && values[0]) config.servers.push(values[0]);
    // The last one counts (resolv.conf(5)). A trailing dot would only repeat what a search name is.
    if (keyword === "search")
      config.searches = values.map((name) => (name === "." ? name : name.replace(/\.$/, "")));
    if (keyword === "options") config.options = values;
  }
  return config;
}

function cutSearches(searches: string[]): string[] {
  const kept: string[] = [];
  let characters = 0;
  for (const search of searches.slice(0, MAX_SEARCHES)) {
    characters += search.length + 1;
    if (characters > MAX_SEARCH_CHARACTERS + 1) break;
    kept.push(search);
  }
  return kept;
}

function unique(texts: string[]): string[] {
  return [...new Set(texts)];
}
