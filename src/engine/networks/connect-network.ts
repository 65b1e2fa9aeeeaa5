import { conflict, notFound } from "../../base/index.ts";
import type { Container } from "../containers/container.ts";
import { newNetworkRecord } from "../containers/container-record.ts";
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
  const container = context.containers.get(containerReference);
  assertOwnNetwork(container);
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
  await container.lock.run(async () => {
    const { networks } = container.record;
    const known = networks[network.name];
    if (known && (known.endpointId !== "" || !container.hasProcess)) {
      throw conflict(
        `endpoint with name ${container.record.name} already exists in network ${network.name}`,
        {
          code: "Engine.AlreadyConnected",
        },
      );
    }
    networks[network.name] = newNetworkRecord(settings);
    try {
      const netns = container.hasProcess ? ownNetworkNamespace(context, container) : undefined;
      if (netns) await attachTo(context, container, network.name, netns, freeIndex(container));
      await context.containers.save(container);
    } catch (error) {
      delete networks[network.name];
      throw error;
    }
    await refreshEtc(context, container);
  });
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
  const container = context.containers.find(containerReference);
  if (!container) {
    // What a removed container left can be taken out by force.
    if (!force) context.containers.get(containerReference);
    await context.network.detach(network.name, containerReference);
    return;
  }
  await container.lock.run(async () => {
    const record = container.record.networks[network.name];
    if (!record) {
      const what = container.hasProcess ? "network" : "the network";
      throw conflict(`container ${container.id} is not connected to ${what} ${network.name}`, {
        code: "Engine.NotConnected",
      });
    }
    if (record.endpointId !== "") await context.network.detach(network.name, container.id);
    delete container.record.networks[network.name];
    await context.containers.save(container);
    await refreshEtc(context, container);
  });
}

async function refreshEtc(context: EngineContext, container: Container): Promise<void> {
  if (!container.hasProcess) return;
  await updateHostsFile(context, container);
  await updateResolvConf(context, container);
}
