import { type Clock, invalidArgument, isGantryError, notFound, notImplemented } from "../../base/index.ts";
import type { EndpointSettings, Filters } from "../../engine/types.ts";
import { goBoolProblem, parseGoBool } from "../../formats/index.ts";
import { sendEmpty, sendJson } from "../../http/index.ts";
import type { CreateNetworkRequest, NetworkConfig } from "../../network/types.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { parseUntil } from "../images/image-filters.ts";
import { connectOptions, type Decoded, disconnectOptions, networkCreateRequest } from "../json/index.ts";
import { filters, labelsMatch, onlyFilters, text } from "../wire/query.ts";
import { optionalBody } from "../wire/request-body.ts";
import type { NetworksBackend } from "./backend.ts";
import { networkJson } from "./network-json.ts";

const LIST_FILTERS = ["dangling", "driver", "id", "label", "name", "scope", "type"];
const PREDEFINED = ["bridge", "host", "none"];

/** Endpoints under `/networks`. */
export function networkRoutes(backend: NetworksBackend, clock: Clock): ApiRoute[] {
  return [
    { method: "GET", path: "/networks", handle: (context) => list(backend, context) },
    { method: "POST", path: "/networks/create", handle: (context) => create(backend, context) },
    { method: "POST", path: "/networks/prune", handle: (context) => prune(backend, clock, context) },
    { method: "GET", path: "/networks/:id", handle: (context) => inspect(backend, context) },
    { method: "DELETE", path: "/networks/:id", handle: (context) => remove(backend, context) },
    { method: "POST", path: "/networks/:id/connect", handle: (context) => connect(backend, context) },
    { method: "POST", path: "/networks/:id/disconnect", handle: (context) => disconnect(backend, context) },
  ];
}

async function list({ network }: NetworksBackend, { query, res, apiMinor }: ApiContext): Promise<void> {
  const given = onlyFilters(filters(query), LIST_FILTERS);
  const inUse = (config: NetworkConfig) => network.endpoints(config.id).length > 0;
  const rows = network.list().filter((config) => matches(config, given, inUse));
  sendJson(
    res,
    200,
    // Since API 1.28 lists leave the containers out.
    rows.map((config) => networkJson(config, apiMinor < 28 ? network.endpoints(config.id) : [])),
  );
}

function matches(config: NetworkConfig, given: Filters, inUse: (config: NetworkConfig) => boolean): boolean {
  const isBuiltin = PREDEFINED.includes(config.name);
  const driver = config.driver === "none" ? "null" : config.driver;
  const any = (values: readonly string[] | undefined, test: (value: string) => boolean) =>
    !values || values.length === 0 || values.some(test);
  return (
    any(given.driver, (value) => value === driver) &&
    any(given.id, (value) => config.id.startsWith(value)) &&
    any(given.name, (value) => config.name.includes(value)) &&
    any(given.scope, (value) => value === "local") &&
    any(given.type, (value) => networkType(value) === (isBuiltin ? "builtin" : "custom")) &&
    any(given.dangling, (value) => isYes(value) === (!isBuiltin && !inUse(config))) &&
    labelsMatch(config.labels, given.label ?? [])
  );
}

function isYes(value: string): boolean {
  if (["true", "1"].includes(value)) return true;
  if (["false", "0"].includes(value)) return false;
  throw invalidArgument(
    'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")',
    { code: "DockerApi.Filter" },
  );
}

function networkType(value: string): string {
  if (value !== "builtin" && value !== "custom") {
    throw invalidArgument(`invalid filter: 'type'='${value}'`, { code: "DockerApi.Filter" });
  }
  return value;
}

async function inspect({ network }: NetworksBackend, { params, query, res }: ApiContext): Promise<void> {
  const verbose = text(query, "verbose");
  if (verbose !== undefined && parseGoBool(verbose) === undefined) {
    throw invalidArgument(`invalid value for verbose: ${verbose}: ${goBoolProblem(verbose)}`, {
      code: "DockerApi.Query",
    });
  }
  const scope = text(query, "scope");
  if (scope !== undefined && scope !== "local") {
    throw notFound(`network ${params.id} not found`, { code: "DockerApi.NoNetwork" });
  }
  const config = network.get(params.id!);
  sendJson(res, 200, networkJson(config, network.endpoints(config.id)));
}

async function create({ network }: NetworksBackend, context: ApiContext): Promise<void> {
  const body = await optionalBody(context, networkCreateRequest);
  if (context.apiMinor >= 48 && body.EnableIPv4 === false) {
    throw notImplemented("networks without IPv4 are not supported", { code: "DockerApi.NotSupported" });
  }
  const { id } = await network.create(toCreateRequest(body));
  sendJson(context.res, 201, { Id: id, Warning: "" });
}

function toCreateRequest(body: Decoded): CreateNetworkRequest {
  if (!(body.Name as string | undefined)?.trim()) {
    throw invalidArgument("invalid name: name is empty", { code: "DockerApi.Body" });
  }
  for (const [field, what] of [
    ["EnableIPv6", "IPv6"],
    ["ConfigOnly", "config-only networks"],
    ["Ingress", "ingress networks"],
  ] as const) {
    if (body[field]) throw notImplemented(`${what} are not supported`, { code: "DockerApi.NotSupported" });
  }
  if (body.Scope === "swarm")
    throw notImplemented("swarm networks are not supported", { code: "DockerApi.NotSupported" });
  return {
    name: body.Name as string,
    driver: (body.Driver as string) || undefined,
    internal: body.Internal === true,
    attachable: body.Attachable === true,
    labels: (body.Labels ?? {}) as Record<string, string>,
    options: (body.Options ?? {}) as Record<string, string>,
    checkDuplicate: true,
    ...ipamOf((body.IPAM ?? {}) as Decoded),
  };
}

function ipamOf(
  ipam: Decoded,
): Pick<CreateNetworkRequest, "subnet" | "gateway" | "ipRange" | "auxAddresses"> {
  if (ipam.Driver && ipam.Driver !== "default") {
    throw notFound(`plugin ${JSON.stringify(ipam.Driver)} not found`, { code: "DockerApi.NoPlugin" });
  }
  const configs = (ipam.Config ?? []) as Decoded[];
  if (configs.length > 1)
    throw notImplemented("networks with several subnets are not supported", {
      code: "DockerApi.NotSupported",
    });
  const [config = {}] = configs;
  return {
    subnet: (config.Subnet as string) || undefined,
    gateway: (config.Gateway as string) || undefined,
    ipRange: (config.IPRange as string) || undefined,
    auxAddresses: (config.AuxiliaryAddresses ?? undefined) as Record<string, string> | undefined,
  };
}

async function remove({ network }: NetworksBackend, { params, res }: ApiContext): Promise<void> {
  await network.remove(params.id!);
  sendEmpty(res, 204);
}

async function connect({ engine, network }: NetworksBackend, context: ApiContext): Promise<void> {
  const body = await optionalBody(context, connectOptions);
  const { id } = network.get(context.params.id!);
  await engine.connectNetwork(
    id,
    containerOf(body),
    (body.EndpointConfig ?? undefined) as EndpointSettings | undefined,
  );
  sendEmpty(context.res, 200);
}

async function disconnect({ engine, network }: NetworksBackend, context: ApiContext): Promise<void> {
  const body = await optionalBody(context, disconnectOptions);
  const { id } = network.get(context.params.id!);
  await engine.disconnectNetwork(id, containerOf(body), body.Force === true);
  sendEmpty(context.res, 200);
}

function containerOf(body: Decoded): string {
  if (!body.Container) throw invalidArgument('invalid name or ID supplied: ""', { code: "DockerApi.Body" });
  return body.Container as string;
}

/** Removes the person's own networks that no container is configured for. */
async function prune(
  { network, engine }: NetworksBackend,
  clock: Clock,
  { query, res }: ApiContext,
): Promise<void> {
  const given = onlyFilters(filters(query), ["label", "label!", "until"]);
  const untilMs = Math.min(...(given.until ?? []).map((value) => parseUntil(value, clock.nowMs())));
  const used = new Set<string>();
  for (const container of await engine.listContainers({ all: true })) {
    for (const name of Object.keys(container.NetworkSettings.Networks)) used.add(name);
  }
  const deleted: string[] = [];
  for (const config of network.list()) {
    const keep =
      PREDEFINED.includes(config.name) ||
      used.has(config.name) ||
      config.createdAtMs >= untilMs ||
      !labelsMatch(config.labels, given.label ?? []) ||
      (given["label!"] ?? []).some((label) => labelsMatch(config.labels, [label]));
    if (keep) continue;
    try {
      await network.remove(config.id);
      deleted.push(config.name);
    } catch (error) {
      // Somebody has begun to use it meanwhile.
      if (!isGantryError(error, "Conflict") && !isGantryError(error, "PermissionDenied")) throw error;
    }
  }
  engine.emitEvent("network", "prune", "", { reclaimed: "0" });
  sendJson(res, 200, { NetworksDeleted: deleted.length > 0 ? deleted : null });
}
