import { writeFile } from "node:fs/promises";
import { conflict, failpoint, newHexId, notFound } from "../../base/index.ts";
import { digestOf, type Platform, parsePlatform } from "../../formats/index.ts";
import type { ImageRecord } from "../../images/types.ts";
import { hostInfo } from "../../kernel/index.ts";
import { type EngineContext, rootfsOf, tellStatus } from "../context.ts";
import { invalidName, invalidRequest } from "../errors.ts";
import { emitContainerEvent } from "../events/container-events.ts";
import { timestamp } from "../logs/timestamps.ts";
import { checkEndpointSettings } from "../networks/check-endpoint.ts";
import { type LinkRecord, resolveLinks } from "../networks/links.ts";
import { parseNetworkMode, sharedContainer } from "../networks/network-mode.ts";
import { discardBlockIo } from "../spec/block-io-limits.ts";
import type { ContainerConfig, CreateContainerRequest, EndpointSettings, HostConfig } from "../types.ts";
import { copyUpVolumes } from "../volumes/copy-up.ts";
import { resolveMounts } from "../volumes/resolve-mounts.ts";
import {
  checkCommand,
  checkConfig,
  checkHostConfig,
  checkSharedNetwork,
  completeHostConfig,
} from "./check-config.ts";
import type { Container } from "./container.ts";
import { type ContainerRecord, type NetworkRecord, newNetworkRecord, newState } from "./container-record.ts";
import { mergeImageConfig } from "./merge-config.ts";
import { generateName } from "./name-generator.ts";

/** Names that Docker accepts. Pods' containers are named by the program itself. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

export async function createContainer(
  context: EngineContext,
  request: CreateContainerRequest,
): Promise<{ id: string; warnings: string[] }> {
  if (request.internal?.owner !== "cri") checkSharedNetwork(request.config, request.hostConfig);
  checkConfig(request.config);
  checkHostConfig(request.config, request.hostConfig);
  checkNetworks(context, request);
  const image = await imageFor(context, request);
  assertPlatform(image, request);
  const config = mergeImageConfig(request.config, image.config.config ?? {});
  checkCommand(config);
  // No NotFound: to Docker's client that would mean the image, and it would pull it.
  for (const mode of [request.hostConfig.PidMode, request.hostConfig.IpcMode]) {
    const owner = sharedContainer(mode);
    if (owner !== undefined && !context.containers.find(owner)) {
      throw invalidRequest(`No such container: ${owner}`);
    }
  }
  const hostConfig = completeHostConfig(request.hostConfig, context.runtime.info.name);
  const discarded = discardBlockIo(hostConfig);
  const links = request.internal?.owner === "cri" ? [] : resolveLinks(context, hostConfig);
  const id = request.id ?? newHexId();
  nameHost(context, id, config, hostConfig);
  const name = reserveName(context, request.name, id);
  try {
    const container = await make(context, { id, name, image, config, hostConfig, links, request });
    emitContainerEvent(context, container, "create");
    tellStatus(context, container);
    return { id, warnings: [...discarded, ...warningsOf(request.hostConfig, hostConfig)] };
  } catch (error) {
    context.containers.releaseName(name, id);
    throw error;
  }
}

/** What a container on bare layers has for an image: nothing that anybody has configured. */
async function imageFor(
  context: EngineContext,
  { config, internal }: CreateContainerRequest,
): Promise<Pick<ImageRecord, "id" | "config">> {
  if (!internal?.layers) return context.images.get(config.Image);
  const { architecture } = hostInfo();
  const rootfs = { type: "layers" as const, diff_ids: [...internal.layers] };
  return { id: digestOf(internal.layers.join()), config: { os: "linux", architecture, rootfs } };
}

/** A network that is not there is missed at the start. */
function checkNetworks(context: EngineContext, { networkingConfig, internal }: CreateContainerRequest): void {
  if (internal?.owner === "cri") return;
  for (const [reference, settings] of Object.entries(networkingConfig?.EndpointsConfig ?? {})) {
    const name = reference === "default" ? "bridge" : reference;
    const prefix = `invalid config for network ${name}: `;
    if (settings === null) throw invalidRequest(`${prefix}EndpointsConfig is nil`);
    const network = context.network.find(name);
    if (network) checkEndpointSettings(network, settings, prefix);
  }
}

/** What was asked for with `--platform`; architectures are named as Go does. */
function assertPlatform(
  { config }: Pick<ImageRecord, "config">,
  { platform, config: { Image } }: CreateContainerRequest,
): void {
  if (!platform) return;
  const wanted = parsePlatform(platform);
  const { os, architecture, variant } = wanted;
  const fits =
    os === config.os &&
    architecture === config.architecture &&
    (!variant || !config.variant || variant === config.variant);
  if (fits) return;
  const text = (one: Platform) => [one.os, one.architecture, one.variant].filter(Boolean).join("/");
  throw notFound(
    `image with reference ${Image} was found but its platform (${text(config)}) ` +
      `does not match the specified platform (${text(wanted)})`,
    { code: "Engine.ImagePlatform" },
  );
}

function reserveName(context: EngineContext, wanted: string | undefined, id: string): string {
  const name = wanted
    ? wanted.replace(/^\//, "")
    : generateName((taken) => context.containers.hasName(taken));
  if (!NAME.test(name)) throw invalidName(wanted ?? name);
  context.containers.reserveName(name, id);
  return name;
}

function nameHost(context: EngineContext, id: string, config: ContainerConfig, hostConfig: HostConfig): void {
  const mode = parseNetworkMode(hostConfig.NetworkMode);
  if (mode.kind === "container") {
    const owner = networkOwner(context, mode.reference);
    hostConfig.NetworkMode = `container:${owner.id}`;
    config.Hostname ||= owner.record.config.Hostname;
  }
  if (mode.kind === "host") config.Hostname ||= hostInfo().hostname;
  config.Hostname ||= id.slice(0, 12);
}

/** Not NotFound: to Docker's client that would mean the image, and it would pull it. */
function networkOwner(context: EngineContext, reference: string): Container {
  const owner = context.containers.find(reference);
  if (owner) return owner;
  throw conflict(`joining network namespace of container: No such container: ${reference}`, {
    code: "Engine.NoNetworkOwner",
  });
}

interface Making {
  id: string;
  name: string;
  image: Pick<ImageRecord, "id" | "config">;
  config: ContainerConfig;
  hostConfig: HostConfig;
  links: LinkRecord[];
  request: CreateContainerRequest;
}

async function make(context: EngineContext, making: Making): Promise<Container> {
  const { id, image, config, hostConfig, request } = making;
  const { mounts, createdVolumes } = await resolveMounts(context, config, hostConfig, request);
  const made = Promise.withResolvers<void>();
  try {
    await context.containers.makeDirectory(id);
    const { layers } = request.internal ?? {};
    const preparing = context.images.prepareSnapshot(id, layers ? { layers } : image.id);
    failpoint("engine/create/snapshot");
    const adding = context.containers.add(newRecord(context, making, mounts), made.promise);
    // Both have ended, whatever came of them, before anything is undone.
    await Promise.allSettled([preparing, adding]);
    const container = await adding;
    // There from the beginning, so that whoever attaches has it open before it can be removed.
    if (!container.isCri) await writeFile(container.record.logPath, "", { mode: 0o600 });
    await copyUpVolumes(context, container, await rootfsOf(context, container, await preparing));
    return container;
  } catch (error) {
    await discard(context, id);
    for (const name of createdVolumes) await context.volumes.remove(name);
    throw error;
  } finally {
    made.resolve();
  }
}

async function discard(context: EngineContext, id: string): Promise<void> {
  const container = context.containers.byId(id);
  if (container) {
    context.containers.forget(container);
    await context.containers.deleteFiles(container);
  }
  await context.images.removeSnapshot(id).catch(() => {});
  await context.containers.removeDirectory(id);
}

function newRecord(
  context: EngineContext,
  { id, name, image, config, hostConfig, links, request }: Making,
  mounts: ContainerRecord["mounts"],
): ContainerRecord {
  const [path, ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return {
    version: 1,
    id,
    name,
    created: timestamp(context.clock.nowMs()),
    imageId: image.id,
    path: path!,
    args,
    config,
    hostConfig,
    internal: request.internal,
    state: newState(),
    restartCount: 0,
    manuallyStopped: false,
    startedBefore: false,
    removing: false,
    mounts,
    networks: wantedNetworks(context, request, hostConfig),
    ports: {},
    ...(links.length > 0 ? { links } : {}),
    logPath: request.internal?.logPath ?? `${context.containers.directoryOf(id)}/container.log`,
  };
}

/** The network of the mode first, then those of the request, under their own names where they exist already. */
function wantedNetworks(
  context: EngineContext,
  request: CreateContainerRequest,
  hostConfig: HostConfig,
): Record<string, NetworkRecord> {
  if (request.internal?.owner === "cri") return {};
  const mode = parseNetworkMode(hostConfig.NetworkMode);
  if (mode.kind !== "network" || request.config.NetworkDisabled) return {};
  const nameOf = (reference: string) => context.network.find(reference)?.name ?? reference;
  const asked = new Map<string, EndpointSettings>();
  for (const [reference, settings] of Object.entries(request.networkingConfig?.EndpointsConfig ?? {})) {
    asked.set(nameOf(reference === "default" ? "bridge" : reference), settings ?? {});
  }
  const first = nameOf(mode.name);
  const names = [first, ...[...asked.keys()].filter((name) => name !== first)];
  return Object.fromEntries(names.map((name) => [name, newNetworkRecord(asked.get(name) ?? {})]));
}

function warningsOf(asked: HostConfig, hostConfig: HostConfig): string[] {
  const warnings: string[] = [];
  for (const { Type } of asked.Mounts ?? []) {
    if (Type === "image") warnings.push("Image mount is an experimental feature");
  }
  if (hostConfig.OomKillDisable && !hostConfig.Memory) {
    warnings.push(
      "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.",
    );
  }
  if (Number(asked.CpuPercent ?? 0) > 0) {
    warnings.push("linux does not support CPU percent. Percent discarded.");
  }
  if (
    parseNetworkMode(hostConfig.NetworkMode).kind === "host" &&
    Object.keys(hostConfig.PortBindings ?? {}).length > 0
  ) {
    warnings.push("Published ports are discarded when using host network mode");
  }
  if ((hostConfig.PidsLimit ?? 0) < -1) warnings.push("PidsLimit is negative: no limit is set");
  return warnings;
}
