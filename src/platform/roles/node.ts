import { join } from "node:path";
import { type Clock, isGantryError, type Logger, type Service } from "../../base/index.ts";
import type { PlatformOptions } from "../../cli/index.ts";
import { type Cri, createCri } from "../../cri/index.ts";
import { createEventRecorder, type KubeClient } from "../../kube/client/index.ts";
import { createVolumeProvisioner } from "../../kube/controllers/index.ts";
import { ClusterDns } from "../../kube/dns/index.ts";
import {
  createKubelet,
  type Kubelet,
  readEvictionSettings,
  type ServingCredentials,
} from "../../kube/kubelet/index.ts";
import { NetworkPolicies } from "../../kube/network-policy/index.ts";
import { HEALTH_PORT, KubeProxy } from "../../kube/proxy/index.ts";
import type { PodNetwork, PodPeer } from "../../network/index.ts";
import { nameServiceAddress } from "../address-range.ts";
import { type ClusterSettings, leaseSeconds, vniOf } from "../cluster/cluster-settings.ts";
import { nodeAddress } from "../cluster/node-address.ts";
import type { PlatformConfig } from "../config.ts";
import type { EngineHouse } from "../engine-services.ts";
import type { HomeLayout } from "../home.ts";
import { openCloseService } from "../open-close.ts";
import { Slot } from "../slot.ts";
import { untilNodeReady } from "../until-node-ready.ts";
import { withInformers } from "../with-informers.ts";
import { claimNodeRange } from "./node-range.ts";
import { followPodRoutes } from "./pod-routes.ts";

/** How the parts of a node reach the API: each is somebody of its own. */
export interface NodeClients {
  kubelet(): KubeClient;
  proxy(): KubeClient;
  networkPolicy(): KubeClient;
  dns(): KubeClient;
  volumeProvisioner(): KubeClient;
}

export interface NodeRoleOptions {
  layout: HomeLayout;
  config: PlatformConfig;
  house: EngineHouse;
  clients: NodeClients;
  settings: Slot<ClusterSettings>;
  /** What the kubelet's port is served with, once `clients` may be asked. */
  serving(names: readonly string[]): Promise<ServingCredentials>;
  kubelet: PlatformOptions["kubelet"];
  /** The control plane is on other machines. */
  isRemote: boolean;
  /** The service after which `clients` may be asked. */
  clientsNeed: string;
  logger: Logger;
  clock: Clock;
}

export interface NodeRole {
  services: Service[];
  kubelet: Slot<Kubelet>;
}

/** What does: pods' network, kubelet, Services, DNS, and the volumes of the node's disk. */
export function nodeRole(options: NodeRoleOptions): NodeRole {
  const { layout, config, house, clients, settings, clientsNeed, logger, clock } = options;
  const podNetwork = new Slot<PodNetwork>("pod network");
  const podCidr = new Slot<string>("node's part of the pods' range");
  const cri = new Slot<Cri>("CRI");
  const { podManifestPath } = options.kubelet;
  const eviction = readEvictionSettings(options.kubelet.eviction);
  const kubelet = new Slot<Kubelet>("kubelet");
  const proxy = new Slot<KubeProxy>("proxy");
  const networkPolicies = new Slot<NetworkPolicies>("network policies");

  /** Beside a control plane there is nothing to be without. */
  const kept = (part: string) => (options.isRemote ? join(layout.known, part) : undefined);

  const services: Service[] = [
    openCloseService("node-range", [clientsNeed, "network"], async (signal) => {
      const { nodeName, machine } = config;
      const known = options.isRemote ? house.network.value.podNetwork()?.podCidr : undefined;
      podCidr.fill(
        await claimNodeRange({ client: clients.kubelet(), nodeName, machine, known, logger, clock, signal }),
      );
      return () => {};
    }),
    openCloseService("pod-network", ["network", "node-range", "cri"], async () => {
      const { serviceCidr, podCidr: all, networkBackend: backend } = settings.value;
      const nodeIp = nodeAddress(config, settings.value);
      const cluster = { podCidr: all, backend, vni: vniOf(settings.value), nodeAddress: nodeIp };
      const open = () => house.network.value.openPodNetwork({ podCidr: podCidr.value, serviceCidr, cluster });
      podNetwork.fill(
        await open().catch(async (error) => {
          if (!isGantryError(error) || error.code !== "Network.InUse") throw error;
          logger.warn("the node was removed and has another range for pods: those that it had end");
          await endPods(cri.value);
          return open();
        }),
      );
      return () => {};
    }),
    openCloseService("cri", ["engine"], async () => {
      cri.fill(
        createCri({
          engine: house.engine.value,
          images: house.images.value,
          network: house.network.value,
          stateDir: layout.cri,
          runDir: layout.run,
          instanceId: config.instanceId,
          logger,
          clock,
        }),
      );
      await cri.value.open();
      // Now everybody is known who may hold an address; what others left behind goes.
      await house.engine.value.reconcile(cri.value.liveSandboxIds());
      return () => cri.value.close();
    }),
    withInformers({
      name: "volume-provisioner",
      needs: [clientsNeed],
      client: () => clients.volumeProvisioner(),
      run: (client, informers, context) =>
        createVolumeProvisioner({
          client,
          informers,
          nodeName: config.nodeName,
          volumesDir: layout.persistentVolumes,
          logger,
          clock,
        }).run(context),
      logger,
      clock,
    }),
    withInformers({
      name: "kubelet",
      keptIn: kept("kubelet"),
      // Policies are in force and names are answered before a pod starts, the proxy is told before one ends.
      needs: [clientsNeed, "cri", "network-policy", "proxy", "dns"],
      client: () => clients.kubelet(),
      run: async (client, informers, context) => {
        const nodeIp = nodeAddress(config, settings.value);
        kubelet.fill(
          createKubelet({
            nodeName: config.nodeName,
            client,
            informers,
            cri: cri.value,
            clusterDns: nameServiceAddress(settings.value.serviceCidr) ?? podNetwork.value.gateway,
            clusterDomain: settings.value.clusterDomain,
            rootDir: layout.kubelet,
            podLogsDir: layout.podLogs,
            guard: networkPolicies.value,
            untilPodLeft: (pod, signal) => proxy.value.untilPodLeft(pod, signal),
            ...(podManifestPath === undefined ? {} : { podManifestPath }),
            eviction,
            nodeIp,
            machine: config.machine,
            leaseSeconds: () => leaseSeconds(settings.value),
            serving: await options.serving([config.nodeName, nodeIp]),
            logger,
            clock,
          }),
        );
        return kubelet.value.run(context);
      },
      logger,
      clock,
    }),
    withInformers({
      name: "proxy",
      keptIn: kept("proxy"),
      needs: [clientsNeed, "pod-network"],
      client: () => clients.proxy(),
      run: async (client, informers, context) => {
        const { nodeName } = config;
        const recorder = createEventRecorder({
          client,
          component: "kube-proxy",
          host: nodeName,
          logger,
          clock,
        });
        proxy.fill(
          new KubeProxy({
            informers,
            nodeName,
            healthPort: HEALTH_PORT,
            nodePortCidrs: nodePortCidrs(config, nodeAddress(config, settings.value)),
            recorder,
            instanceId: config.instanceId,
            podNetwork: podNetwork.value,
            logger,
            clock,
          }),
        );
        await proxy.value.run(context);
        await recorder.stop();
      },
      logger,
      clock,
    }),
    withInformers({
      name: "pod-routes",
      keptIn: kept("pod-routes"),
      needs: [clientsNeed, "pod-network"],
      client: () => clients.proxy(),
      run: (_client, informers, context) => {
        const route = (peers: readonly PodPeer[]) => house.network.value.routePods(peers);
        return followPodRoutes({ informers, nodeName: config.nodeName, route }, context);
      },
      logger,
      clock,
    }),
    withInformers({
      name: "network-policy",
      keptIn: kept("network-policy"),
      needs: [clientsNeed, "pod-network"],
      client: () => clients.networkPolicy(),
      run: (client, informers, context) => {
        networkPolicies.fill(
          new NetworkPolicies({
            client,
            informers,
            nodeName: config.nodeName,
            instanceId: config.instanceId,
            nameServers: [podNetwork.value.gateway],
            logger,
            clock,
          }),
        );
        return networkPolicies.value.run(context);
      },
      logger,
      clock,
    }),
    withInformers({
      name: "dns",
      keptIn: kept("dns"),
      needs: [clientsNeed, "pod-network"],
      client: () => clients.dns(),
      run: (_client, informers, context) => {
        const serviceAddress = nameServiceAddress(settings.value.serviceCidr);
        return new ClusterDns({
          informers,
          address: podNetwork.value.gateway,
          ...(serviceAddress === undefined ? {} : { serviceAddress }),
          instanceId: config.instanceId,
          clusterDomain: settings.value.clusterDomain,
          logger,
          clock,
        }).run(context);
      },
      logger,
      clock,
    }),
    // Who waits for the node waits until pods can start.
    openCloseService("node", ["kubelet", "proxy", "dns"], async (signal) => {
      await untilNodeReady(clients.kubelet(), config.nodeName, clock, signal);
      return () => {};
    }),
  ];
  return { services, kubelet };
}

/** Node ports are open at these of the node's addresses; undefined: at all. */
function nodePortCidrs({ nodePortAddresses }: PlatformConfig, nodeIp: string): string[] | undefined {
  return nodePortAddresses === "primary" ? [`${nodeIp}/32`] : nodePortAddresses?.split(",");
}

/** Nobody wants them any more: the cluster gave their addresses away with the node that they were on. */
async function endPods({ runtime }: Cri): Promise<void> {
  for (const { id } of await runtime.listPodSandboxes()) {
    await runtime.stopPodSandbox(id);
    await runtime.removePodSandbox(id);
  }
}
