import { readFileSync } from "node:fs";
import { isIP } from "node:net";

export interface ResolvConf {
  nameservers: string[];
  search: string[];
  options: string[];
}

/** Reads resolv.conf(5); the last `search` or `domain` wins, unknown lines are passed over. */
export function parseResolvConf(text: string): ResolvConf {
  const conf: ResolvConf = { nameservers: [], search: [], options: [] };
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && values[0] && isIP(values[0].split("%")[0]!))
      conf.nameservers.push(values[0]);
    if (keyword === "search" || keyword === "domain") conf.search = values.filter((domain) => domain !== ".");
    if (keyword === "options") conf.options.push(...values);
  }
  return conf;
}

export function formatResolvConf(conf: ResolvConf): string {
  const lines = conf.nameservers.map((address) => `nameserver ${address}`);
  if (conf.search.length > 0) lines.push(`search ${conf.search.join(" ")}`);
  if (conf.options.length > 0) lines.push(`options ${conf.options.join(" ")}`);
  return lines.map((line) => `${line}\n`).join("");
}

const RESOLV_CONF = "/etc/resolv.conf";
/** systemd-resolved writes the servers behind its stub listener here. */
const RESOLVED_CONF = "/run/systemd/resolve/resolv.conf";

/** The host's own name service settings. */
export function hostResolvConf(): ResolvConf {
  return readResolvConf(RESOLV_CONF);
}

/** As `hostResolvConf`, with servers that a container can reach: addresses of the host's loopback mean another machine to it. */
export function hostResolvConfForContainers(): ResolvConf {
  const conf = hostResolvConf();
  const reachable = conf.nameservers.filter(isReachableFromContainers);
  if (reachable.length > 0) return { ...conf, nameservers: reachable };
  const behindStub = readResolvConf(RESOLVED_CONF).nameservers.filter(isReachableFromContainers);
  return { ...conf, nameservers: behindStub };
}

function isReachableFromContainers(address: string): boolean {
  return isIP(address) === 4 && !address.startsWith("127.");
}

function readResolvConf(path: string): ResolvConf {
  try {
    return parseResolvConf(readFileSync(path, "utf8"));
  } catch {
    return { nameservers: [], search: [], options: [] };
  }
}

export interface ResolverOptions {
  dns?: string[];
  search?: string[];
  options?: string[];
}

/**
 * A container's resolv.conf. `nameServer` is its network's own name server, which takes care of `dns` itself and wants
 * names without dots asked as they are (Docker's `ndots:0`); `fallback` serves where the host's servers cannot be reached.
 */
export function containerResolvConf(
  servers: { nameServer?: string; fallback?: string },
  wanted: ResolverOptions = {},
): string {
  const host = hostResolvConfForContainers();
  const search = wanted.search?.length ? wanted.search.filter((domain) => domain !== ".") : host.search;
  const options = wanted.options?.length ? wanted.options : host.options;
  if (servers.nameServer) {
    const hasNdots = options.some((option) => option.startsWith("ndots:"));
    return formatResolvConf({
      nameservers: [servers.nameServer],
      search,
      options: hasNdots ? options : [...options, "ndots:0"],
    });
  }
  const nameservers = wanted.dns?.length ? wanted.dns : host.nameservers;
  const useFallback = nameservers.length === 0 && servers.fallback !== undefined;
  return formatResolvConf({ nameservers: useFallback ? [servers.fallback!] : nameservers, search, options });
}
