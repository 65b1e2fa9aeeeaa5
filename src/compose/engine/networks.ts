import { GantryError, invalidArgument, isGantryError, notFound } from "../../base/index.ts";
import type { NetworkSummary } from "../docker/index.ts";
import { COMPOSE_VERSION, type Network, networkHash, type Project } from "../model/index.ts";
import type { ComposeContext } from "./compose-context.ts";
import { filters, listContainers } from "./containers.ts";
import { LABEL } from "./labels.ts";
import { stopProject } from "./stop.ts";
import { all } from "./walk-services.ts";

/** Makes the project's networks that are not there, anew those that have changed. Returns their ids by key. */
export async function ensureNetworks(
  context: ComposeContext,
  project: Project,
): Promise<Record<string, string>> {
  const entries = Object.entries(project.networks);
  const ids = await all(
    entries.map(async ([key, network]) => {
      if (network.external) return findExternal(context, network);
      try {
        return await ensureNetwork(context, project, key, network);
      } catch (error) {
        // Another Compose may have made it in this moment.
        if (isGantryError(error, "Conflict")) return ensureNetwork(context, project, key, network);
        throw error;
      }
    }),
  );
  return Object.fromEntries(entries.map(([key], index) => [key, ids[index]!]));
}

async function ensureNetwork(
  context: ComposeContext,
  project: Project,
  key: string,
  network: Network,
): Promise<string> {
  const { client } = context;
  const name = network.name ?? "";
  const named = (
    await client.get<NetworkSummary[]>("/networks", { filters: filters({ name: [name] }) })
  ).filter((one) => one.Name === name);
  const own = named.find(
    (one) => one.Labels?.[LABEL.project] === project.name && one.Labels[LABEL.network] === key,
  );
  let dangling: string[] = [];
  if (own) {
    const hash = own.Labels?.[LABEL.configHash];
    if (!hash || hash === networkHash(network)) return own.Id;
    dangling = await removeDiverged(context, project, key, name);
  } else if (named.length > 0) {
    return adopt(context, project, key, name, named[0]!);
  }
  const id = await createNetwork(context, project, key, network);
  for (const container of dangling) {
    await client.post(`/networks/${encodeURIComponent(name)}/connect`, { body: { Container: container } });
  }
  return id;
}

/** A network of that name that is not known to be the project's. */
function adopt(
  context: ComposeContext,
  project: Project,
  key: string,
  name: string,
  found: NetworkSummary,
): string {
  const owner = found.Labels?.[LABEL.project];
  const whose = owner === undefined ? "by compose" : `for project ${JSON.stringify(project.name)}`;
  context.warn(
    `a network with name ${name} exists but was not created ${whose}.\nSet \`external: true\` to use an existing network`,
  );
  const label = found.Labels?.[LABEL.network] ?? "";
  if (label !== key) {
    throw invalidArgument(
      `network ${name} was found but has incorrect label ${LABEL.network} set to ${JSON.stringify(label)} (expected: ${JSON.stringify(key)})`,
    );
  }
  return found.Id;
}

async function createNetwork(
  context: ComposeContext,
  project: Project,
  key: string,
  network: Network,
): Promise<string> {
  const { client, report } = context;
  const name = network.name ?? "";
  const event = `Network ${name}`;
  report.working(event, "Creating");
  const { ipam } = network;
  const config = ipam?.config?.map((pool) => ({
    Subnet: pool.subnet,
    IPRange: pool.ip_range,
    Gateway: pool.gateway,
    AuxiliaryAddresses: pool.aux_addresses,
  }));
  try {
    const { Id: id } = await client.post<{ Id: string }>("/networks/create", {
      body: {
        Name: name,
        Driver: network.driver ?? "",
        Options: network.driver_opts,
        Internal: network.internal ?? false,
        Attachable: network.attachable ?? false,
        EnableIPv4: network.enable_ipv4,
        EnableIPv6: network.enable_ipv6,
        IPAM: ipam?.driver || config?.length ? { Driver: ipam?.driver, Config: config } : undefined,
        Labels: {
          ...network.labels,
          [LABEL.network]: key,
          [LABEL.project]: project.name,
          [LABEL.version]: COMPOSE_VERSION,
          [LABEL.configHash]: networkHash(network),
        },
      },
    });
    report.done(event, "Created");
    return id;
  } catch (error) {
    report.error(event, "Error");
    if (!isGantryError(error)) throw error;
    throw new GantryError(error.kind, `failed to create network ${name}: ${error.message}`, { cause: error });
  }
}

/** Takes a network away whose configuration has changed. Returns who was on it. */
async function removeDiverged(
  context: ComposeContext,
  project: Project,
  key: string,
  name: string,
): Promise<string[]> {
  const { client, report } = context;
  const services = Object.values(project.services)
    .filter(({ networks }) => networks && key in networks)
    .map((service) => service.name);
  await stopProject(context, project, { services });
  const containers = await listContainers(client, project.name, { oneOff: "exclude", all: true, services });
  const path = `/networks/${encodeURIComponent(name)}`;
  for (const { Id: id } of containers) {
    await client.post(`${path}/disconnect`, { body: { Container: id, Force: true } });
  }
  await client.delete(path);
  report.done(`Network ${name}`, "Removed");
  return containers.map(({ Id: id }) => id);
}

async function findExternal(context: ComposeContext, network: Network): Promise<string> {
  const { client } = context;
  const name = network.name ?? "";
  const found = await client.get<NetworkSummary[]>("/networks", { filters: filters({ name: [name] }) });
  let named = found.filter((one) => one.Name === name || one.Id === name);
  if (named.length === 0) {
    try {
      const byId = await client.get<NetworkSummary>(`/networks/${encodeURIComponent(name)}`);
      named = byId.Id === name || byId.Name === name ? [byId] : [];
    } catch (error) {
      if (!isGantryError(error, "NotFound")) throw error;
    }
  }
  if (named.length === 0) throw notFound(`network ${name} declared as external, but could not be found`);
  if (named.length > 1) {
    throw invalidArgument(
      `multiple networks with name ${JSON.stringify(name)} were found. Use network ID as \`name\` to avoid ambiguity`,
    );
  }
  return named[0]!.Id;
}

/** Removes a network of the project, unless somebody else is on it. */
export async function removeNetwork(
  context: ComposeContext,
  project: string,
  key: string,
  name: string,
): Promise<void> {
  const { client, report } = context;
  const networks = await client.get<NetworkSummary[]>("/networks", {
    filters: filters({ label: [`${LABEL.project}=${project}`, `${LABEL.network}=${key}`] }),
  });
  if (networks.length === 0) return;
  const event = `Network ${name}`;
  report.working(event, "Removing");
  let found = 0;
  for (const { Id: id } of networks.filter((one) => one.Name === name)) {
    try {
      const network = await client.get<NetworkSummary>(`/networks/${id}`);
      found++;
      if (Object.keys(network.Containers ?? {}).length > 0) {
        report.warning(event, "Resource is still in use");
        continue;
      }
      await client.delete(`/networks/${id}`);
      report.done(event, "Removed");
    } catch (error) {
      if (isGantryError(error, "NotFound")) continue;
      report.error(event, "Error");
      if (!isGantryError(error)) throw error;
      throw new GantryError(error.kind, `failed to remove network ${name}: ${error.message}`, {
        cause: error,
      });
    }
  }
  if (found === 0) report.warning(event, "No resource found to remove");
}
