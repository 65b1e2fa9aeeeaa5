import type { EngineContext } from "../context.ts";
import { linkNames } from "../networks/links.ts";
import { endpointSettingsOf } from "../networks/network-settings.ts";
import { parsePortKey } from "../networks/port-bindings.ts";
import type { ContainerSummary, ListContainersOptions } from "../types.ts";
import type { Container } from "./container.ts";
import { matchesContainerFilters, prepareListFilters } from "./container-filters.ts";
import { commandText, statusText } from "./container-status.ts";
import { mountPoints, sizesOf } from "./inspect-container.ts";

/** Newest first, as `docker ps` lists them. */
export async function listContainers(
  context: EngineContext,
  options: ListContainersOptions = {},
): Promise<ContainerSummary[]> {
  const filters = await prepareListFilters(context, options.filters ?? {});
  const showsAll = options.all || (options.limit ?? 0) > 0 || filters.showsStopped;
  const chosen = context.containers
    .all()
    .filter((container) => container.owner === (options.owner ?? "docker"))
    .filter((container) => showsAll || container.isRunning)
    .sort((a, b) => (a.record.created < b.record.created ? 1 : a.record.created > b.record.created ? -1 : 0))
    .filter((container) => matchesContainerFilters(container, filters));
  const limited = options.limit && options.limit > 0 ? chosen.slice(0, options.limit) : chosen;
  const links = linkNames(context);
  return Promise.all(
    limited.map((container) => summaryOf(context, container, { withSize: options.size ?? false, links })),
  );
}

async function summaryOf(
  context: EngineContext,
  container: Container,
  { withSize, links }: { withSize: boolean; links: ReturnType<typeof linkNames> },
): Promise<ContainerSummary> {
  const { record } = container;
  // Both begin before anything is waited for: it may be removed meanwhile.
  const [image, sizes] = await Promise.all([
    imageName(context, container),
    withSize ? sizesOf(context, container) : {},
  ]);
  return {
    Id: record.id,
    Names: [`/${record.name}`, ...(links.get(record.id) ?? [])],
    Image: image,
    ImageID: record.imageId,
    Command: commandText(container),
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: portsOf(container),
    ...sizes,
    Labels: record.config.Labels ?? {},
    State: record.state.Status,
    Status: statusText(container, context.clock.nowMs()),
    HostConfig: {
      NetworkMode: record.hostConfig.NetworkMode ?? "bridge",
      Annotations: record.hostConfig.Annotations,
    },
    NetworkSettings: { Networks: endpointSettingsOf(container) },
    Mounts: mountPoints(container),
  };
}

/** What was asked for, as long as it still names the container's image. */
async function imageName(context: EngineContext, container: Container): Promise<string> {
  const { config, imageId } = container.record;
  const current = await context.images.find(config.Image);
  return current?.id === imageId ? config.Image : imageId;
}

function portsOf(container: Container): ContainerSummary["Ports"] {
  return Object.entries(container.record.ports).flatMap(([key, bindings]) => {
    const { port, protocol } = parsePortKey(key);
    if (!bindings?.length) return [{ PrivatePort: port, Type: protocol }];
    return bindings.map((binding) => ({
      IP: binding.HostIp,
      PrivatePort: port,
      PublicPort: Number(binding.HostPort),
      Type: protocol,
    }));
  });
}
