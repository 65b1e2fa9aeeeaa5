import { type Clock, errorMessage, GantryError, type Logger, type Service } from "../../base/index.ts";
import type { JoinToken } from "../../cli/index.ts";
import { createHttpsClient, type KubeClient, ServerConnections } from "../../kube/client/index.ts";
import {
  CertificateKeeper,
  type CertificateOrder,
  type ServingCredentials,
} from "../../kube/kubelet/index.ts";
import { selfSigned } from "../../kube/pki/index.ts";
import type { ClusterSettings } from "../cluster/cluster-settings.ts";
import { readSettings } from "../cluster/read-settings.ts";
import { type PlatformConfig, writeConfig } from "../config.ts";
import type { HomeLayout } from "../home.ts";
import { ANSWER_TIMEOUT_MS, type JoinedNode, joinCluster, SERVER_NAME } from "../join/join-cluster.ts";
import { readServers } from "../join/read-servers.ts";
import { Slot } from "../slot.ts";
import type { NodeClients } from "./node.ts";

export interface AgentOptions {
  layout: HomeLayout;
  config: PlatformConfig;
  token: JoinToken | undefined;
  logger: Logger;
  clock: Clock;
}

export interface Agent {
  services: Service[];
  settings: Slot<ClusterSettings>;
  clients: NodeClients;
  serving(names: readonly string[]): Promise<ServingCredentials>;
  /** The server that is in use. */
  server(): string;
}

/** The parts of a node beside its kubelet, and who they are at the API. */
const PARTS = {
  proxy: "system:kube-proxy",
  dns: "system:cluster-dns",
  networkPolicy: "system:network-policy",
  volumeProvisioner: "system:volume-provisioner",
} as const;
type Part = keyof typeof PARTS;
const DAY_MS = 24 * 3600_000;
const SETTINGS_EVERY_MS = 20_000;
const RETRY_MS = 1000;

/** A node without a control plane beside it: joins one, and keeps its certificates in force. */
export function agent(options: AgentOptions): Agent {
  const { layout, config, logger, clock } = options;
  const servers = new ServerConnections(config.servers ?? []);
  const settings = new Slot<ClusterSettings>("settings of the cluster");
  const joined = new Slot<JoinedNode>("identity of the node");
  const running = new Slot<AbortSignal>("life of the node's certificates");
  const keepers = new Map<Part, CertificateKeeper>();
  const open = new Map<string, KubeClient & { close(): void }>();

  const clientOf = (keeper: CertificateKeeper, userAgent: string): KubeClient => {
    const known = open.get(userAgent);
    if (known) return known;
    const client = createHttpsClient({
      server: servers,
      ca: joined.value.caPem,
      serverName: SERVER_NAME,
      identity: () => {
        const pair = keeper.current;
        if (!pair) throw noCertificate(userAgent);
        return { cert: pair.certPem, key: pair.keyPem };
      },
      userAgent,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
    });
    open.set(userAgent, client);
    return client;
  };
  const kubelet = () => clientOf(joined.value.certificate, "kubelet");
  const partClient = (part: Part, userAgent: string) => clientOf(keepers.get(part)!, userAgent);

  const openKeeper = async (fileName: string, order: CertificateOrder): Promise<CertificateKeeper> => {
    const { caPem } = joined.value;
    const keeper = new CertificateKeeper({ dir: layout.pki, fileName, order, caPem, logger, clock });
    await keeper.load();
    return keeper;
  };

  const openPart = async (part: Part, signal: AbortSignal): Promise<void> => {
    const keeper = await openKeeper(`client-${PARTS[part].slice("system:".length)}`, {
      signer: "kubernetes.io/kube-apiserver-client",
      subject: { commonName: PARTS[part] },
      usages: ["digital signature", "client auth"],
    });
    keepers.set(part, keeper);
    if (keeper.current) return;
    // Where it cannot be had now, whoever keeps it tries on.
    await keeper.obtain(kubelet(), signal).catch((error) => {
      if (!signal.aborted)
        logger.warn("a node's part has no certificate yet", { part, error: errorMessage(error) });
    });
  };

  /** Any of them may be the one that is there when the others are away. */
  const learnServers = async (): Promise<boolean> => {
    if (!keepers.get("proxy")?.current) return false;
    servers.learn(await readServers(partClient("proxy", "kube-proxy")));
    return true;
  };

  /** Reads them now and then; all but the times of leases hold from the next start on. */
  const followSettings = async (signal: AbortSignal, known: () => void): Promise<void> => {
    let written = config;
    let hasLearned = false;
    // What the cluster said last time serves until it can be asked again.
    if (config.clusterId !== undefined) {
      settings.fill(config as ClusterSettings);
      known();
    }
    while (!signal.aborted) {
      try {
        const told = await readSettings(kubelet());
        hasLearned = await learnServers();
        const next = { ...written, ...told, servers: [...servers.servers] };
        if (JSON.stringify(next) !== JSON.stringify(written)) writeConfig(layout.home, next);
        written = next;
        settings.fill(settings.current ? { ...settings.value, ...timesOf(told) } : told);
        known();
      } catch (error) {
        if (!signal.aborted)
          logger.warn("the cluster's settings cannot be read, will retry", { error: errorMessage(error) });
      }
      await clock.sleep(hasLearned ? SETTINGS_EVERY_MS : RETRY_MS, signal).catch(() => {});
    }
  };

  const join: Service = {
    name: "join",
    needs: [],
    async run({ signal, ready }) {
      const { nodeName } = config;
      const { token } = options;
      let following = Promise.resolve();
      try {
        joined.fill(
          await joinCluster({ servers, token, nodeName, pkiDir: layout.pki, logger, clock, signal }),
        );
        running.fill(signal);
        const { promise: areKnown, resolve: known } = Promise.withResolvers<void>();
        following = followSettings(signal, known);
        await Promise.all([
          areKnown,
          ...(Object.keys(PARTS) as Part[]).map((part) => openPart(part, signal)),
        ]);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      ready();
      const all = [joined.value.certificate, ...keepers.values()];
      await Promise.all([following, ...all.map((keeper) => keeper.run(kubelet, signal))]);
      for (const client of open.values()) client.close();
    },
  };

  return {
    services: [join],
    settings,
    server: () => servers.current.origin,
    clients: {
      kubelet,
      proxy: () => partClient("proxy", "kube-proxy"),
      networkPolicy: () => partClient("networkPolicy", "network-policy"),
      dns: () => partClient("dns", "cluster-dns"),
      volumeProvisioner: () => partClient("volumeProvisioner", "volume-provisioner"),
    },
    async serving(names) {
      const keeper = await openKeeper("kubelet", {
        signer: "kubernetes.io/kubelet-serving",
        subject: { commonName: `system:node:${config.nodeName}`, organizations: ["system:nodes"] },
        names,
        usages: ["digital signature", "server auth"],
      });
      // It is granted for what the Node tells of itself, which it does not yet; until then nobody trusts the port.
      const first =
        keeper.current ??
        selfSigned(`${config.nodeName}-self-signed`, names, { nowMs: clock.nowMs(), forMs: DAY_MS });
      void keeper.run(kubelet, running.value);
      return {
        caPem: joined.value.caPem,
        pair: () => keeper.current ?? first,
        onRenewed: (listener) => keeper.onRenewed(listener),
      };
    },
  };
}

const timesOf = ({ nodeMonitorGraceMs }: ClusterSettings) => ({ nodeMonitorGraceMs });

function noCertificate(part: string): GantryError {
  return new GantryError("Unauthenticated", `the certificate of ${part} is no longer in force`, {
    code: "Join.Expired",
  });
}
