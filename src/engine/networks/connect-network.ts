import { conflict, GantryError, notFound } from "../../base/index.ts";
import type { Container } from "../containers/container.ts";
import { newNetworkRecord } from "../containers/container-record.ts";
import { exclusively } from "../containers/exclusive.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest } from "../errors.ts";
import { ownNetworkNamespace } from "../spec/container-namespaces.ts";
import { updateHostsFile, updateResolvConf } from "../spec/etc-files.ts";
import type { EndpointSettings } from "../types.ts";
import { checkEndpointSettings } from "./check-endpoint.ts";
import { attachTo } from "./container-networks.ts";
import { networkModeOf } from "./network-mode.ts";

/** Plugs a container into one more network, at once when it runs. */
export async function connectNetwork(
  context: EngineContext,
  reference: string,
  containerReference: string,
  settings: EndpointSettings = {},
): Promise<void> {
  const network = context.network.get(reference);
  assertOwnNetwork(context.containers.get(containerReference));
  if (network.driver === "host") {
    throw invalidRequest(
      "cannot connect container to host network - container must be created in host network mode",
    );
  }
  if (network.driver !== "bridge") {
    throw invalidRequest(
      "container cannot be connected to multiple networks with one of the networks in private (none) mode",
    );
  }
  checkEndpointSettings(network, settings);
  await exclusively(context, containerReference, async (container) => {
    assertNotMarked(container);
    const { networks } = container.record;
    const known = networks[network.name];
    // As in Docker: what a stopped container has of the network stays as it is.
    if (known && !container.hasProcess) return;
    if (known && known.endpointId !== "") {
      throw new GantryError(
        "PermissionDenied",
        `endpoint with name ${container.record.name} already exists in network ${network.name}`,
        { code: "Engine.AlreadyConnected" },
      );
    }
    networks[network.name] = newNetworkRecord(settings);
    try {
      const netns = container.hasProcess ? ownNetworkNamespace(context, container) : undefined;
      if (netns)
        await attachTo(context, container, network.name, { netnsPath: netns, index: freeIndex(container) });
      await context.containers.save(container);
    } catch (error) {
      await context.network.detach(network.name, container.id);
      if (known) networks[network.name] = known;
      else delete networks[network.name];
      throw error;
    }
    await refreshEtc(context, container);
  });
}

/** As in Docker, no Conflict. */
function assertNotMarked(container: Container): void {
  if (container.hasProcess || !container.removalInProgress) return;
  throw new GantryError(
    "Internal",
    `Container ${container.id} is marked for removal and cannot be connected or disconnected to the network`,
    { code: "Engine.MarkedForRemoval" },
  );
}

function assertOwnNetwork(container: Container): void {
  if (container.isCri)
    throw notFound(`No such container: ${container.id}`, { code: "Engine.NoSuchContainer" });
  const { kind } = networkModeOf(container);
  if (kind === "none") {
    throw invalidRequest(
      "container cannot be connected to multiple networks with one of the networks in private (none) mode",
    );
  }
  if (kind !== "network") {
    throw invalidRequest(
      "container sharing network namespace with another container or host cannot be connected to any other network",
    );
  }
}

function freeIndex(container: Container): number {
  const taken = new Set(Object.values(container.record.networks).map((record) => record.interfaceName));
  for (let index = 0; ; index++) if (!taken.has(`eth${index}`)) return index;
}

export async function disconnectNetwork(
  context: EngineContext,
  reference: string,
  containerReference: string,
  force = false,
): Promise<void> {
  const network = context.network.get(reference);
  if (!context.containers.find(containerReference)) {
    // What a removed container left can be taken out by force.
    if (!force) context.containers.get(containerReference);
    const left = context.network
      .endpoints(network.id)
      .find((endpoint) => [endpoint.containerName, endpoint.containerId].includes(containerReference));
    if (!left) {
      throw notFound(`endpoint ${containerReference} not found`, { code: "Engine.NoSuchEndpoint" });
    }
    await context.network.detach(network.name, left.containerId);
    return;
  }
  await exclusively(context, containerReference, async (container) => {
    assertNotMarked(container);
    const record = container.record.networks[network.name];
    if (!record) {
      const what = container.hasProcess ? "network" : "the network";
      throw conflict(`container ${container.id} is not connected to ${what} ${network.name}`, {
        code: "Engine.NotConnected",
      });
    }
    if (record.endpointId !== "") await context.network.detach(network.name, container.id);
    delete container.record.networks[network.name];
    await context.containers.saveOrDefer(container);
    await refreshEtc(context, container);
  });
}

async function refreshEtc(context: EngineContext, container: Container): Promise<void> {
  if (!container.hasProcess) return;
  await updateHostsFile(context, container);
  await updateResolvConf(context, container);
}
