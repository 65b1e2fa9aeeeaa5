import type { EngineContext } from "../context.ts";
import { invalidRequest } from "../errors.ts";
import { assertKnownFilters, booleanFilter, matchesLabels, matchesPattern } from "../filter-match.ts";
import { parsePortKey } from "../networks/port-bindings.ts";
import type { Filters } from "../types.ts";
import type { Container } from "./container.ts";

const KNOWN = [
  "ancestor",
  "before",
  "exited",
  "expose",
  "health",
  "id",
  "is-task",
  "isolation",
  "label",
  "name",
  "network",
  "publish",
  "since",
  "status",
  "volume",
];
const STATUSES = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];

const HEALTH_STATES = ["none", "starting", "healthy", "unhealthy"];

export interface ListFilters {
  filters: Filters;
  /** Asking for a state shows stopped containers too. */
  showsStopped: boolean;
  imageIds: ReadonlySet<string> | undefined;
  createdBefore: string | undefined;
  createdAfter: string | undefined;
}

export async function prepareListFilters(context: EngineContext, filters: Filters): Promise<ListFilters> {
  assertKnownFilters(filters, KNOWN);
  for (const status of filters.status ?? []) {
    if (STATUSES.includes(status)) continue;
    const reason = `invalid value for state (${status}): must be one of ${STATUSES.join(", ")}`;
    throw invalidRequest(`invalid filter 'status=${status}': ${reason}`);
  }
  for (const code of filters.exited ?? []) {
    if (!/^[+-]?\d+$/.test(code))
      throw invalidRequest(
        `invalid filter 'exited=${code}': strconv.Atoi: parsing ${JSON.stringify(code)}: invalid syntax`,
      );
  }
  for (const health of filters.health ?? []) {
    if (HEALTH_STATES.includes(health)) continue;
    const reason = `invalid value for health (${health}): must be one of ${HEALTH_STATES.join(", ")}`;
    throw invalidRequest(`invalid filter 'health=${health}': ${reason}`);
  }
  const created = (reference: string | undefined) => {
    if (reference === undefined) return undefined;
    return context.containers.get(reference).record.created;
  };
  return {
    filters,
    showsStopped: ["status", "exited", "before", "since"].some((name) => (filters[name]?.length ?? 0) > 0),
    imageIds: await ancestorIds(context, filters.ancestor),
    createdBefore: created(filters.before?.[0]),
    createdAfter: created(filters.since?.[0]),
  };
}

/** The images named, and all that were built on them. */
async function ancestorIds(
  context: EngineContext,
  references: readonly string[] | undefined,
): Promise<ReadonlySet<string> | undefined> {
  if (!references?.length) return undefined;
  const ids = new Set<string>();
  for (const reference of references) {
    const image = await context.images.find(reference);
    if (image) ids.add(image.id);
  }
  const images = await context.images.list();
  for (let grew = true; grew; ) {
    grew = false;
    for (const image of images) {
      if (image.parentId && ids.has(image.parentId) && !ids.has(image.id)) {
        ids.add(image.id);
        grew = true;
      }
    }
  }
  return ids;
}

export function matchesContainerFilters(container: Container, wanted: ListFilters): boolean {
  const { record } = container;
  const { filters } = wanted;
  const any = (name: string, fits: (value: string) => boolean) =>
    !filters[name]?.length || filters[name].some(fits);
  return (
    matchesPattern(filters, "name", [record.name, `/${record.name}`]) &&
    matchesPattern(filters, "id", [record.id]) &&
    matchesLabels(filters.label, record.config.Labels) &&
    any("status", (status) => record.state.Status === status) &&
    any(
      "exited",
      (code) => !record.state.Running && record.startedBefore && record.state.ExitCode === Number(code),
    ) &&
    any("health", (health) => (record.state.Health?.Status ?? "none") === health) &&
    any("volume", (value) =>
      record.mounts.some((mount) => mount.Name === value || mount.Destination === value),
    ) &&
    any("network", (value) => usesNetwork(container, value)) &&
    matchesPorts(container, filters) &&
    booleanFilter(filters, "is-task") !== true &&
    (!wanted.imageIds || wanted.imageIds.has(record.imageId)) &&
    (wanted.createdBefore === undefined || record.created < wanted.createdBefore) &&
    (wanted.createdAfter === undefined || record.created > wanted.createdAfter)
  );
}

/** `publish` asks for a port of the host and `expose` for one of the container; either will do. */
function matchesPorts({ record }: Container, { publish = [], expose = [] }: Filters): boolean {
  if (publish.length + expose.length === 0) return true;
  const published = Object.entries(record.ports).flatMap(([key, bindings]) =>
    (bindings ?? []).map(({ HostPort }) => `${HostPort}/${parsePortKey(key).protocol}`),
  );
  return (
    publish.some((value) => portFits("publish", value, published)) ||
    expose.some((value) => portFits("expose", value, Object.keys(record.ports)))
  );
}

function usesNetwork(container: Container, value: string): boolean {
  const { networks, hostConfig } = container.record;
  if (hostConfig.NetworkMode === value) return true;
  return Object.entries(networks).some(
    ([name, record]) =>
      name === value ||
      record.networkId === value ||
      (value.length >= 4 && record.networkId.startsWith(value)),
  );
}

/** `80`, `80/tcp` or a range of ports. */
function portFits(filter: string, value: string, keys: readonly string[]): boolean {
  const match = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(value);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? first);
  if (!match || last > 65535) {
    const problem = match ? "value out of range" : "invalid syntax";
    const reason = `strconv.ParseUint: parsing ${JSON.stringify(value)}: ${problem}`;
    throw invalidRequest(`error while looking up for ${filter} ${value}: ${reason}`);
  }
  return keys.some((key) => {
    const port = parsePortKey(key);
    return port.port >= first && port.port <= last && (match[3] ?? "tcp") === port.protocol;
  });
}
