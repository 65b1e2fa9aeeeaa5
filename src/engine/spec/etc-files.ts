import { readFile, writeFile } from "node:fs/promises";
import { hostInfo } from "../../kernel/index.ts";
import type { OciMount } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { linkHosts } from "../networks/links.ts";
import { isNetworkMode, networkModeOf, userNetworksOf } from "../networks/network-mode.ts";

const NAMES = ["hostname", "hosts", "resolv.conf"] as const;
export type EtcFile = (typeof NAMES)[number];

/** Where the container's generated /etc files lie; with another's network they are that one's. */
export function etcFilePath(context: EngineContext, container: Container, name: EtcFile): string {
  const mode = networkModeOf(container);
  if (mode.kind !== "container") return container.path(name);
  return context.containers.find(mode.reference)?.path(name) ?? container.path(name);
}

function isManaged(container: Container): boolean {
  return container.record.internal?.etcFilesManaged === true || networkModeOf(container).kind === "container";
}

/** Makes the files, so that they can be bound in; what hosts says follows when the addresses are known. */
export async function makeEtcFiles(context: EngineContext, container: Container): Promise<void> {
  if (isManaged(container)) return;
  const { Hostname = "" } = container.record.config;
  await Promise.all([
    writeEtc(container, "hostname", `${Hostname}\n`),
    writeEtc(container, "hosts", await hostsText(context, container)),
    writeEtc(container, "resolv.conf", await resolvConfText(context, container)),
  ]);
}

/** Writes /etc/hosts anew: an address has come or gone. In place, since the running container has the file bound. */
export async function updateHostsFile(context: EngineContext, container: Container): Promise<void> {
  if (isManaged(container)) return;
  await writeEtc(container, "hosts", await hostsText(context, container));
}

export async function updateResolvConf(context: EngineContext, container: Container): Promise<void> {
  if (isManaged(container)) return;
  await writeEtc(container, "resolv.conf", await resolvConfText(context, container));
}

async function writeEtc(container: Container, name: EtcFile, text: string): Promise<void> {
  await writeFile(container.path(name), text, { mode: 0o644 });
}

const COMMON_HOSTS = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::\tip6-localnet",
  "ff00::\tip6-mcastprefix",
  "ff02::1\tip6-allnodes",
  "ff02::2\tip6-allrouters",
];

async function hostsText(context: EngineContext, container: Container): Promise<string> {
  const extra = (container.record.hostConfig.ExtraHosts ?? []).map((entry) =>
    extraHost(context, container, entry),
  );
  if (isNetworkMode(container, "host")) {
    const host = await readFile("/etc/hosts", "utf8").catch(() => `${COMMON_HOSTS.join("\n")}\n`);
    return `${host.replace(/\n*$/, "\n")}${extra.map((line) => `${line}\n`).join("")}`;
  }
  const links = linkHosts(context, container);
  return [...COMMON_HOSTS, ...extra, ...ownAddresses(container), ...links]
    .map((line) => `${line}\n`)
    .join("");
}

/** `name:address`, where `host-gateway` is the address of the host on the container's network. */
function extraHost(context: EngineContext, container: Container, entry: string): string {
  const separator = entry.includes("=") ? entry.indexOf("=") : entry.indexOf(":");
  const name = entry.slice(0, separator);
  const address = entry.slice(separator + 1);
  return `${address === "host-gateway" ? hostGateway(context, container) : address}\t${name}`;
}

function hostGateway(context: EngineContext, container: Container): string {
  for (const record of Object.values(container.record.networks)) if (record.gateway) return record.gateway;
  const bridge = context.network.list().find((network) => network.isDefaultBridge);
  return bridge?.gateway ?? "127.0.0.1";
}

function ownAddresses(container: Container): string[] {
  const { Hostname = "", Domainname = "" } = container.record.config;
  if (!Hostname) return [];
  const short = Hostname.split(".")[0]!;
  const names = Domainname
    ? `${Hostname}.${Domainname} ${Hostname}`
    : short === Hostname
      ? Hostname
      : `${Hostname} ${short}`;
  return Object.values(container.record.networks)
    .filter((record) => record.ip)
    .map((record) => `${record.ip}\t${names}`);
}

async function resolvConfText(context: EngineContext, container: Container): Promise<string> {
  const { Dns, DnsSearch, DnsOptions } = container.record.hostConfig;
  const options = { dns: Dns ?? [], search: DnsSearch ?? [], options: DnsOptions ?? [] };
  const asksForMore = options.dns.length + options.search.length + options.options.length > 0;
  if (isNetworkMode(container, "host") && !asksForMore) {
    return readFile("/etc/resolv.conf", "utf8").catch(() => "");
  }
  // One that is not there is missed when the container is plugged in.
  const networks = userNetworksOf(container).filter((name) => context.network.find(name) !== undefined);
  return context.network.resolvConf(networks, options);
}

/** Binds of the generated files, except where the container has a mount of its own. */
export function etcMounts(
  context: EngineContext,
  container: Container,
  taken: ReadonlySet<string>,
): OciMount[] {
  if (container.record.internal?.etcFilesManaged) return [];
  return NAMES.filter((name) => !taken.has(`/etc/${name}`)).map((name) => ({
    destination: `/etc/${name}`,
    type: "bind",
    source: etcFilePath(context, container, name),
    options: ["rbind", "rprivate", "rw"],
  }));
}

/** The host name that a container shows which shares the host's. */
export function hostHostname(): string {
  return hostInfo().hostname;
}
