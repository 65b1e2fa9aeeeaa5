import { randomBytes } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { errorMessage, GantryError, readRecordSync } from "../base/index.ts";
import type { NetworkBackend } from "../cli/index.ts";

/** What an instance decides once and keeps: `<home>/config.yaml`. Options given to `up` change ports and names. */
export interface PlatformConfig {
  /** 6 hex digits: part of the names of links, nftables tables and cgroups. */
  instanceId: string;
  apiPort: number;
  registryPort: number;
  nodeName: string;
  /** By which other machines reach this one; found at each start where it is absent. */
  nodeIp?: string;
  /** Where node ports are open: `primary` (the node's address) or ranges; at all addresses where it is absent. */
  nodePortAddresses?: string;
  /** 32 hex digits: tells this machine's node from another one of the same name. */
  machine?: string;
  /** Of an agent: `https://host:port`, by which it reaches the API. */
  servers?: string[];
  /** Of an agent: the cluster that it has joined, whose settings the ranges and the domain are. */
  clusterId?: string;
  /** Of an agent: the cluster's network. */
  networkBackend?: NetworkBackend;
  podCidr: string;
  serviceCidr: string;
  /** Addresses of Services of type LoadBalancer. */
  loadBalancerCidr: string;
  clusterDomain: string;
  /** Whether traffic from outside is served, and at which ports; 80 and 443 where absent. */
  ingress?: boolean;
  ingressHttpPort?: number;
  ingressHttpsPort?: number;
  /** Where declared state lies: `embedded` (LMDB in the home) or `etcd://host:port[,…]`. */
  store: string;
  /** kube-apiserver's flags, without their dashes, as whoever keeps the instance has written them down. */
  apiServer?: Record<string, unknown>;
  /** Likewise kube-controller-manager's. */
  controllerManager?: Record<string, unknown>;
}

type Optional =
  | "nodeIp"
  | "nodePortAddresses"
  | "machine"
  | "clusterId"
  | "networkBackend"
  | "servers"
  | "ingress"
  | "ingressHttpPort"
  | "ingressHttpsPort";

const FIELDS: Record<Exclude<keyof PlatformConfig, "apiServer" | "controllerManager" | Optional>, RegExp> = {
  instanceId: /^[0-9a-f]{6}$/,
  apiPort: /^\d{1,5}$/,
  registryPort: /^\d{1,5}$/,
  nodeName: /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  podCidr: /^\d+\.\d+\.\d+\.\d+\/\d+$/,
  serviceCidr: /^\d+\.\d+\.\d+\.\d+\/\d+$/,
  loadBalancerCidr: /^\d+\.\d+\.\d+\.\d+\/\d+$/,
  clusterDomain: /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  store: /^(embedded|etcds?:\/\/\S+)$/,
};

const OPTIONAL_FIELDS: Record<Optional, RegExp> = {
  nodeIp: /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/,
  nodePortAddresses: /^(primary|[\d.]+\/\d+(,[\d.]+\/\d+)*)$/,
  machine: /^[0-9a-f]{32}$/,
  clusterId: /^[0-9a-f]{32}$/,
  networkBackend: /^(vxlan|host-gw)$/,
  servers: /^https:\/\/[^\s,/]+(,https:\/\/[^\s,/]+)*$/,
  ingress: /^(true|false)$/,
  ingressHttpPort: /^[1-9]\d{0,4}$/,
  ingressHttpsPort: /^[1-9]\d{0,4}$/,
};

const pathOf = (home: string) => join(home, "config.yaml");

/** The stored configuration; undefined for a new home. A broken file is refused, naming the field. */
export function readConfig(home: string): PlatformConfig | undefined {
  const path = pathOf(home);
  const file = readRecordSync(path, (text) => load(text));
  if (file.state === "absent") return undefined;
  if (file.state === "unreadable") throw file.error;
  if (file.state === "damaged") {
    throw new GantryError(
      "InvalidArgument",
      `${path} is not valid YAML: ${errorMessage(file.error.cause).split("\n")[0]}`,
      { hint: "correct it, or remove the home with 'gantry reset'" },
    );
  }
  const config = { store: "embedded", ...(file.record as object | null) } as unknown as PlatformConfig;
  assertValid(config, `${path}: `, "correct it, or remove the home with 'gantry reset'");
  return config;
}

/** Fails with InvalidArgument that names the first field that is not as it must be. */
export function assertValid(config: PlatformConfig, where: string, hint: string): void {
  for (const [field, pattern] of Object.entries({ ...FIELDS, ...OPTIONAL_FIELDS })) {
    const value = config[field as keyof PlatformConfig];
    if (value === undefined && field in OPTIONAL_FIELDS) continue;
    if (pattern.test(String(value ?? ""))) continue;
    throw new GantryError(
      "InvalidArgument",
      `${where}${field} is ${value === undefined ? "missing" : JSON.stringify(value)}, which is not valid`,
      { hint },
    );
  }
}

export function writeConfig(home: string, config: PlatformConfig): void {
  const temporary = `${pathOf(home)}.${randomBytes(4).toString("hex")}`;
  writeFileSync(temporary, dump(config), { mode: 0o600, flush: true });
  renameSync(temporary, pathOf(home));
}

/** Instance id of a new home. */
export function newInstanceId(): string {
  return randomBytes(3).toString("hex");
}

export function newMachineId(): string {
  return randomBytes(16).toString("hex");
}
