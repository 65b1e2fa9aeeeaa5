import { GantryError } from "../base/index.ts";
import type { PlatformOptions } from "../cli/index.ts";
import { hostInfo } from "../kernel/index.ts";
import { API_SERVER_FLAGS, readInstanceFlags } from "../kube/apiserver/index.ts";
import { choosePodRange, chooseServiceCidr, ipToNumber, numberToIp, parseSubnet } from "../network/index.ts";
import { parseEtcdAddress } from "../store/index.ts";
import {
  assertValid,
  newInstanceId,
  newMachineId,
  type PlatformConfig,
  readConfig,
  writeConfig,
} from "./config.ts";
import { programFlags } from "./program-flags.ts";

const API_PORT = 6443;
const REGISTRY_PORT = 5000;

/** The instance's configuration: what it decided at its first start, with the ports that this start names. */
export function loadInstance(options: PlatformOptions): PlatformConfig {
  const known = readConfig(options.home);
  const flagged = readInstanceFlags(programFlags("apiServer", API_SERVER_FLAGS, options, known));
  if (known) assertSameRole(known, options);
  const base = known ?? newInstance(flagged.serviceCidr);
  if (flagged.serviceCidr !== undefined && flagged.serviceCidr !== base.serviceCidr)
    throw servicesElsewhere(options.home, base.serviceCidr);
  const config: PlatformConfig = {
    ...base,
    apiPort: samePort(options.apiPort, flagged.apiPort) ?? base.apiPort,
    registryPort: options.registryPort ?? base.registryPort,
    nodeName: options.nodeName ?? base.nodeName,
    store: options.store ?? base.store,
    machine: base.machine ?? newMachineId(),
    ...(options.nodeIp === undefined ? {} : { nodeIp: options.nodeIp }),
    ...(options.nodePortAddresses === undefined ? {} : { nodePortAddresses: options.nodePortAddresses }),
    ...(options.servers === undefined ? {} : { servers: [...options.servers] }),
    ...ingressFields(options.ingress),
  };
  if (options.role === "agent" && config.servers === undefined) throw serverNeeded();
  assertValid(config, "", "see 'gantry help' for what the options take");
  if (known && placeOf(known.store) !== placeOf(config.store)) throw storeElsewhere(options.home);
  if (JSON.stringify(config) !== JSON.stringify(known)) writeConfig(options.home, config);
  return config;
}

function ingressFields({
  isEnabled,
  httpPort,
  httpsPort,
}: PlatformOptions["ingress"]): Partial<PlatformConfig> {
  return {
    ...(isEnabled === undefined ? {} : { ingress: isEnabled }),
    ...(httpPort === undefined ? {} : { ingressHttpPort: httpPort }),
    ...(httpsPort === undefined ? {} : { ingressHttpsPort: httpsPort }),
  };
}

/** What a home has of a control plane an agent would leave to rot, and the other way round. */
function assertSameRole({ servers }: PlatformConfig, { role, home }: PlatformOptions): void {
  if ((role === "agent") === (servers !== undefined)) return;
  const is = servers === undefined ? "a server's: it has a store of its own" : "an agent's";
  throw new GantryError("InvalidArgument", `the home ${home} is ${is}`, {
    code: "Platform.OtherRole",
    hint: "name another --home, or remove this one with 'gantry reset'",
  });
}

function samePort(apiPort: number | undefined, securePort: number | undefined): number | undefined {
  if (apiPort === undefined || securePort === undefined || apiPort === securePort)
    return apiPort ?? securePort;
  throw new GantryError("InvalidArgument", `--api-port is ${apiPort} and --secure-port ${securePort}`, {
    code: "Platform.Config",
    hint: "they are the same port: give one of them",
  });
}

function serverNeeded(): GantryError {
  return new GantryError("InvalidArgument", "an agent needs to know a server of its cluster", {
    code: "Platform.ServerNeeded",
    hint: "give --server https://HOST:6443 and --token, as 'gantry token create' prints them on the server",
  });
}

/** Services, nodes and rules are made of it. */
function servicesElsewhere(home: string, serviceCidr: string): GantryError {
  return new GantryError("InvalidArgument", `the Services of ${home} are in ${serviceCidr}`, {
    code: "Platform.Config",
    hint: "their range is decided at the first start: leave --service-cluster-ip-range out, or start on a new home",
  });
}

/** Members, users and files of a cluster may change; its prefix is what tells one store in it from another. */
function placeOf(store: string): string {
  return store === "embedded" ? store : `etcd ${parseEtcdAddress(store).prefix}`;
}

/** Another store would be another cluster, with this one's containers taken for leftovers. */
function storeElsewhere(home: string): GantryError {
  return new GantryError("InvalidArgument", `the declared state of ${home} lies elsewhere`, {
    code: "Platform.StoreElsewhere",
    hint: "start without --store, or move it first with 'gantry store migrate --to …'",
  });
}

function newInstance(wantedServiceCidr: string | undefined): PlatformConfig {
  const podCidr = choosePodRange();
  const serviceCidr = wantedServiceCidr ?? chooseServiceCidr();
  return {
    instanceId: newInstanceId(),
    machine: newMachineId(),
    apiPort: API_PORT,
    registryPort: REGISTRY_PORT,
    nodeName: nodeNameOf(hostInfo().hostname),
    podCidr,
    serviceCidr,
    loadBalancerCidr: upperRange(serviceCidr, 24),
    clusterDomain: "cluster.local",
    store: "embedded",
  };
}

/** A host name as a valid node name. */
function nodeNameOf(hostname: string): string {
  const name = hostname
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return name || "node";
}

/** The last `/prefix` range within a wider one: the Services' addresses are given out from its lower end. */
function upperRange(cidr: string, prefix: number): string {
  const subnet = parseSubnet(cidr);
  const [network, length] = cidr.split("/");
  const last = ipToNumber(network!) + 2 ** (32 - Number(length)) - 2 ** (32 - prefix);
  return `${subnet ? numberToIp(last) : network}/${prefix}`;
}
