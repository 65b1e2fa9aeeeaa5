import { GantryError, isGantryError } from "../../base/index.ts";
import type { Endpoint, PortMapping } from "../../network/types.ts";
import type { Container } from "../containers/container.ts";
import { clearEndpoint, type NetworkRecord } from "../containers/container-record.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest } from "../errors.ts";
import { networkModeOf } from "./network-mode.ts";
import { portsOf, type WantedPort, wantedPorts } from "./port-bindings.ts";

/** Plugs the container into its networks and publishes its ports. Leaves nothing when it fails. */
export async function plugIn(context: EngineContext, container: Container, netnsPath: string): Promise<void> {
  try {
    const names = Object.keys(container.record.networks);
    // All have ended, whatever came of them, before anything is undone.
    const gateway = gatewayOf(context, container);
    const attaching = names.map((name, index) =>
      attachTo(context, container, name, { netnsPath, index, defaultRoute: name === gateway }),
    );
    await Promise.allSettled(attaching);
    await Promise.all(attaching);
    await publishPorts(context, container);
  } catch (error) {
    await unplug(context, container);
    throw prefixed(error, "failed to set up container networking");
  }
}

/** The network of the highest priority that leads anywhere; of equal ones the first. */
function gatewayOf(context: EngineContext, container: Container): string | undefined {
  const networks = Object.entries(container.record.networks).filter(
    ([name]) => context.network.find(name)?.internal !== true,
  );
  const priority = ({ settings }: NetworkRecord) => settings.GwPriority ?? 0;
  return networks.toSorted(([, a], [, b]) => priority(b) - priority(a))[0]?.[0];
}

function prefixed(error: unknown, prefix: string): unknown {
  if (!(error instanceof GantryError)) return error;
  return new GantryError(error.kind, `${prefix}: ${error.message}`, {
    code: error.code,
    hint: error.hint,
    details: error.details,
    cause: error,
  });
}

export async function attachTo(
  context: EngineContext,
  container: Container,
  name: string,
  { netnsPath, index, defaultRoute }: { netnsPath: string; index: number; defaultRoute?: boolean },
): Promise<void> {
  const record = container.record.networks[name]!;
  const { settings } = record;
  // Not each network that there is may be joined by a user's container.
  context.network.get(name);
  const endpoint = await context.network.attach({
    network: name,
    containerId: container.id,
    containerName: container.record.name,
    netnsPath,
    interfaceName: `eth${index}`,
    ip: settings.IPAMConfig?.IPv4Address || undefined,
    mac: settings.MacAddress || (index === 0 ? container.record.config.MacAddress : undefined) || undefined,
    aliases: aliasesOf(container, record),
    links: linksOf(settings.Links ?? []),
    defaultRoute,
    dnsServers: container.record.hostConfig.Dns?.length ? container.record.hostConfig.Dns : undefined,
  });
  fill(record, endpoint);
}

/** By what other containers of the network find it, beside its name. */
function aliasesOf(container: Container, { settings }: NetworkRecord): string[] {
  const hostname = container.record.config.Hostname;
  return [
    ...new Set([...(settings.Aliases ?? []), container.id.slice(0, 12), ...(hostname ? [hostname] : [])]),
  ];
}

/** `target:alias` or `target`, as `--link` has them. */
export function linksOf(links: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const link of links) {
    const [target, alias = target, ...more] = link.split(":");
    if (!target || !alias) throw invalidRequest("empty string specified for links");
    if (more.length > 0) throw invalidRequest(`bad format for links: ${link}`);
    // As an inspected container shows them: `/target:/container/alias`.
    if (target.startsWith("/")) found[alias.slice(alias.lastIndexOf("/") + 1)] = target.slice(1);
    else found[alias] = target;
  }
  return found;
}

function fill(record: NetworkRecord, endpoint: Endpoint): void {
  record.networkId = endpoint.networkId;
  record.endpointId = endpoint.id;
  record.ip = endpoint.ip;
  record.prefixLength = endpoint.prefixLength;
  record.gateway = endpoint.gateway;
  record.mac = endpoint.mac;
  record.interfaceName = endpoint.interfaceName;
  record.aliases = endpoint.aliases;
}

async function publishPorts(context: EngineContext, container: Container): Promise<void> {
  const { config, hostConfig, networks } = container.record;
  const wanted = networkModeOf(container).kind === "network" ? wantedPorts(config, hostConfig) : [];
  const endpoint = Object.values(networks).find((record) => record.ip);
  if (wanted.length === 0 || endpoint === undefined) {
    container.record.ports = portsOf(config, []);
    return;
  }
  try {
    container.record.ports = portsOf(config, await publishFirstFree(context, container, endpoint.ip, wanted));
  } catch (error) {
    const what = `endpoint ${container.record.name} (${endpoint.endpointId})`;
    throw prefixed(error, `driver failed programming external connectivity on ${what}`);
  }
}

/** Ranges of host ports are tried from their beginning. */
async function publishFirstFree(
  context: EngineContext,
  container: Container,
  ip: string,
  wanted: readonly WantedPort[],
): Promise<PortMapping[]> {
  const attempt = wanted.map((port) => ({ ...port.mapping }));
  for (;;) {
    try {
      return await context.network.publishPorts(container.id, ip, attempt);
    } catch (error) {
      if (!isGantryError(error, "Conflict")) throw error;
      const next = attempt.findIndex((mapping, index) => mapping.hostPort < wanted[index]!.hostPortEnd);
      if (next < 0) throw error;
      attempt[next]!.hostPort++;
    }
  }
}

/**
 * Takes the container out of its networks; what fails is logged, since the container is down anyway. Deleting a link takes
 * the kernel some 20 ms: that is waited for only by those whom it concerns (`container.unplugged`), and when the address
 * was asked for by name, so that it is free for the next one.
 */
export async function unplug(context: EngineContext, container: Container): Promise<void> {
  const { networks } = container.record;
  container.record.ports = {};
  const wantsAddressBack = Object.values(networks).some(({ settings }) => settings.IPAMConfig?.IPv4Address);
  const detaching = Object.entries(networks).map(async ([name, record]) => {
    const wasAttached = record.endpointId !== "";
    clearEndpoint(record);
    if (wasAttached) await context.network.detach(name, container.id);
  });
  container.unplugged = logFailures(context, container, detaching);
  if (networkModeOf(container).kind === "network") {
    await logFailures(context, container, [context.network.unpublishPorts(container.id)]);
  }
  if (wantsAddressBack) await container.unplugged;
}

async function logFailures(
  context: EngineContext,
  container: Container,
  steps: Promise<void>[],
): Promise<void> {
  for (const outcome of await Promise.allSettled(steps)) {
    if (outcome.status === "rejected" && !isGantryError(outcome.reason, "NotFound")) {
      context.logger.warn("a container could not be unplugged", {
        container: container.id,
        error: outcome.reason,
      });
    }
  }
}
