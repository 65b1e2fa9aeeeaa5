import { GantryError } from "../../base/index.ts";
import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";
import { invalidRequest } from "../errors.ts";
import type { HostConfig } from "../types.ts";
import { linksOf } from "./container-networks.ts";
import { isUserDefined, networkModeOf } from "./network-mode.ts";
import { parsePortKey } from "./port-bindings.ts";

/** A link on the default bridge, as it was resolved when the container was created. */
export interface LinkRecord {
  alias: string;
  /** Of the container that it leads to. */
  id: string;
}

/** What `--link` names. On networks of the user's, links are the endpoints' and no concern of this. */
export function resolveLinks(context: EngineContext, hostConfig: HostConfig): LinkRecord[] {
  const { Links, NetworkMode } = hostConfig;
  if (!Links?.length || isUserDefined(NetworkMode)) return [];
  return Object.entries(linksOf(Links)).map(([alias, name]) => ({ alias, id: targetOf(context, name).id }));
}

/** The container of that name, or the one whose network it shares. Not NotFound: to clients that would mean the image. */
function targetOf(context: EngineContext, name: string): Container {
  let target = find(context, name);
  for (let mode = networkModeOf(target); mode.kind === "container"; mode = networkModeOf(target)) {
    target = find(context, mode.reference);
  }
  if (networkModeOf(target).kind !== "host") return target;
  throw invalidRequest(
    "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
  );
}

function find(context: EngineContext, name: string): Container {
  try {
    return context.containers.get(name);
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    throw invalidRequest(`could not get container for ${name}: ${error.message}`);
  }
}

interface Link {
  alias: string;
  target: Container;
}

/** Those whose containers are still there. */
export function linksFrom(context: EngineContext, container: Container): Link[] {
  return (container.record.links ?? []).flatMap(({ alias, id }) => {
    const target = context.containers.byId(id);
    return target ? [{ alias, target }] : [];
  });
}

function linksTo(context: EngineContext, target: Container): { alias: string; from: Container }[] {
  return context.containers
    .all()
    .flatMap((from) =>
      (from.record.links ?? []).filter(({ id }) => id === target.id).map(({ alias }) => ({ alias, from })),
    );
}

/** `/parent/alias`, by the container's id: names that links give. */
export function linkNames(context: EngineContext): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const from of context.containers.all()) {
    for (const { alias, id } of from.record.links ?? []) {
      names.set(id, [...(names.get(id) ?? []), `/${from.record.name}/${alias}`]);
    }
  }
  return names;
}

/** As an inspected container shows them: `/target:/container/alias`. */
export function shownLinks(context: EngineContext, container: Container): string[] | null {
  const links = linksFrom(context, container).map(
    ({ alias, target }) => `/${target.record.name}:/${container.record.name}/${alias}`,
  );
  return links.length > 0 ? links : null;
}

/** Before a start: what is linked to runs, on the default bridge. */
export function assertLinksRun(context: EngineContext, container: Container): void {
  for (const { alias, target } of linksFrom(context, container)) {
    const failed = (message: string) => new GantryError("Internal", message, { code: "Engine.Link" });
    const name = `/${target.record.name}`;
    if (!Object.hasOwn(target.record.networks, "bridge")) {
      throw failed(
        `failed to set up container networking: Cannot link to ${name}, as it does not belong to the default network`,
      );
    }
    if (!target.isRunning) {
      throw failed(`Cannot link to a non running container: ${name} AS /${container.record.name}/${alias}`);
    }
  }
}

/** Lines of /etc/hosts: the alias, the host's own name, and the container's. */
export function linkHosts(context: EngineContext, container: Container): string[] {
  return linksFrom(context, container).flatMap(({ alias, target }) => {
    const ip = target.record.networks.bridge?.ip;
    if (!ip) return [];
    const { name, config } = target.record;
    return [`${ip}\t${[alias, config.Hostname, ...(alias === name ? [] : [name])].join(" ")}`];
  });
}

/** Those that have a link to the container, whose address is another one now. */
export function linkedFrom(context: EngineContext, container: Container): Container[] {
  return linksTo(context, container)
    .map(({ from }) => from)
    .filter((from) => from.hasProcess);
}

/** Variables that tell a process of the linked containers' addresses, ports and variables (moby's links.EnvVars). */
export function linkEnvironment(context: EngineContext, container: Container): string[] {
  return linksFrom(context, container).flatMap(({ alias, target }) => {
    const ip = target.record.networks.bridge?.ip ?? "";
    const { ExposedPorts, Env } = target.record.config;
    const ports = Object.keys(ExposedPorts ?? {}).map(parsePortKey);
    return variables(alias, `/${container.record.name}/${alias}`, ip, ports, Env ?? []);
  });
}

type Port = ReturnType<typeof parsePortKey>;

function variables(alias: string, name: string, ip: string, ports: Port[], env: readonly string[]): string[] {
  const prefix = alias.toUpperCase().replaceAll("-", "_");
  const sorted = ports.toSorted(
    (a, b) => rank(a.protocol) - rank(b.protocol) || a.protocol.localeCompare(b.protocol) || a.port - b.port,
  );
  const url = ({ protocol, port }: Port) => `${protocol}://${ip}:${port}`;
  const first = sorted[0];
  return [
    ...(first ? [`${prefix}_PORT=${url(first)}`] : []),
    ...rangesOf(sorted).flatMap((range) => [
      ...range.flatMap((port) => {
        const own = portPrefix(prefix, port);
        return [
          `${own}=${url(port)}`,
          `${own}_ADDR=${ip}`,
          `${own}_PORT=${port.port}`,
          `${own}_PROTO=${port.protocol}`,
        ];
      }),
      ...rangeVariables(prefix, range, url),
    ]),
    `${prefix}_NAME=${name}`,
    ...env
      .filter((entry) => entry.includes("=") && !/^(HOME|PATH)=/.test(entry))
      .map((entry) => `${prefix}_ENV_${entry}`),
  ];
}

const rank = (protocol: string) => (protocol === "tcp" ? 0 : 1);
const portPrefix = (prefix: string, { port, protocol }: Port) =>
  `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;

/** Ports in a row, of one protocol. */
function rangesOf(sorted: readonly Port[]): Port[][] {
  const ranges: Port[][] = [];
  for (const port of sorted) {
    const last = ranges.at(-1)?.at(-1);
    if (last && last.protocol === port.protocol && last.port + 1 === port.port) ranges.at(-1)!.push(port);
    else ranges.push([port]);
  }
  return ranges;
}

function rangeVariables(prefix: string, range: readonly Port[], url: (port: Port) => string): string[] {
  const [start, end] = [range[0]!, range.at(-1)!];
  if (range.length < 2) return [];
  const own = portPrefix(prefix, start);
  return [
    `${own}_START=${url(start)}`,
    `${own}_PORT_START=${start.port}`,
    `${own}_END=${url(end)}`,
    `${own}_PORT_END=${end.port}`,
  ];
}

/** `docker rm --link /parent/alias`. False where there is no such link. */
export async function removeLink(context: EngineContext, name: string): Promise<boolean> {
  const [, parent = "", alias] = /^\/?([^/]+)\/([^/]+)$/.exec(name) ?? [];
  const container = context.containers.find(parent);
  const links = container?.record.links ?? [];
  if (!container || !links.some((link) => link.alias === alias)) return false;
  container.record.links = links.filter((link) => link.alias !== alias);
  await context.containers.save(container);
  return true;
}
