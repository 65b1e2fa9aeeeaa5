import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, errnoCode, GantryError, type Logger, writeFileDurably } from "../../base/index.ts";
import type { NetworkBackend } from "../../cli/index.ts";
import { openAuthorities } from "../../kube/apiserver/index.ts";
import type { Store } from "../../store/index.ts";
import type { PlatformConfig } from "../config.ts";
import { type ClusterSettings, clusterIdOf, settingsOf } from "./cluster-settings.ts";

/** Under which the store has it: beside the API's objects, so that backups and migrations take it along. */
const KEY = "/gantry/cluster";
/** A key stands before its certificate: what is written in between is taken for missing, not for broken. */
const FILES = ["ca.key", "ca.crt", "front-proxy-ca.key", "front-proxy-ca.crt", "sa.key"] as const;

interface ClusterRecord {
  version: 1;
  settings: ClusterSettings;
  /** The authorities and the key that signs tokens, as PEM by the names of their files. */
  keys: Record<(typeof FILES)[number], string>;
}

export interface OpenClusterOptions {
  store: Store;
  /** `<home>/pki`: where the keys also lie as files, for those who read them there. */
  pkiDir: string;
  config: PlatformConfig;
  /** As this start wants it: the cluster's changes with it. Absent: as it is, or VXLAN where there is none yet. */
  networkBackend?: NetworkBackend;
  logger: Logger;
  clock: Clock;
}

/**
 * What the control planes of a cluster share: its settings, authorities and the key that signs tokens. All of it is in the store;
 * the first control plane puts there what its home has, or what it makes. Afterwards the files of `pkiDir` are as the store says.
 */
export async function openCluster(options: OpenClusterOptions): Promise<ClusterSettings> {
  const { store, pkiDir, config, clock } = options;
  const known = await readRecord(store);
  if (known) return take(await withBackend(known, options), options);
  await openAuthorities({ pkiDir, clock });
  const keys = Object.fromEntries(
    await Promise.all(FILES.map(async (name) => [name, await readFile(join(pkiDir, name), "utf8")])),
  ) as ClusterRecord["keys"];
  const record: ClusterRecord = {
    version: 1,
    settings: settingsOf(config, clusterIdOf(keys["ca.crt"]), options.networkBackend ?? "vxlan"),
    keys,
  };
  const { succeeded } = await store.transact({
    compare: [{ key: KEY, target: "version", operator: "=", value: 0 }],
    success: [{ type: "put", key: KEY, value: Buffer.from(JSON.stringify(record)) }],
  });
  if (succeeded) return record.settings;
  // Another control plane was first.
  return take((await readRecord(store))!, options);
}

/** The nodes follow when they are started anew. */
async function withBackend(
  record: ClusterRecord,
  { store, networkBackend, logger }: OpenClusterOptions,
): Promise<ClusterRecord> {
  const { settings } = record;
  if (networkBackend === undefined || networkBackend === settings.networkBackend) return record;
  const next = { ...record, settings: { ...settings, networkBackend } };
  await store.transact({ success: [{ type: "put", key: KEY, value: Buffer.from(JSON.stringify(next)) }] });
  logger.warn("the cluster's network is another one: start its agents anew", { networkBackend });
  return next;
}

async function readRecord(store: Store): Promise<ClusterRecord | undefined> {
  const { item } = await store.get(KEY);
  if (!item) return undefined;
  const record = JSON.parse(Buffer.from(item.value).toString("utf8")) as ClusterRecord;
  if (record.version === 1) return record;
  throw new GantryError("InvalidArgument", `the store is of a cluster of version ${record.version}`, {
    code: "Platform.ClusterVersion",
    hint: "start a newer Gantry on it",
  });
}

async function take(
  { settings, keys }: ClusterRecord,
  options: OpenClusterOptions,
): Promise<ClusterSettings> {
  const { pkiDir, logger } = options;
  await mkdir(pkiDir, { recursive: true, mode: 0o700 });
  for (const name of FILES) {
    const path = join(pkiDir, name);
    const present = await textOf(path);
    if (present === keys[name]) continue;
    if (present !== undefined) logger.warn("the home's key is not the cluster's, and is replaced", { path });
    await writeFileDurably(path, keys[name], { mode: name.endsWith(".key") ? 0o600 : 0o644 });
  }
  return settings;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
