import type { Clock, Logger, Service } from "../../base/index.ts";
import { type Cri, createCri } from "../../cri/index.ts";
import type { KubeClient } from "../../kube/client/index.ts";
import { createVolumeProvisioner } from "../../kube/controllers/index.ts";
import { ClusterDns } from "../../kube/dns/index.ts";
import { createKubelet, type Kubelet } from "../../kube/kubelet/index.ts";
import { NetworkPolicies } from "../../kube/network-policy/index.ts";
import { KubeProxy } from "../../kube/proxy/index.ts";
import type { PodNetwork } from "../../network/index.ts";
import type { ClusterSettings } from "../cluster/cluster-settings.ts";
import type { PlatformConfig } from "../config.ts";
import type { EngineHouse } from "../engine-services.ts";
import type { HomeLayout } from "../home.ts";
import { openCloseService } from "../open-close.ts";
import { Slot } from "../slot.ts";
import { untilNodeReady } from "../until-node-ready.ts";
import { withInformers } from "../with-informers.ts";

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
  const cri = new Slot<Cri>("CRI");
  const kubelet = new Slot<Kubelet>("kubelet");
  const proxy = new Slot<KubeProxy>("proxy");
  const networkPolicies = new Slot<NetworkPolicies>("network policies");

  const services: Service[] = [
    openCloseService("pod-network", ["network", "cluster"], async () => {
      const { podCidr, serviceCidr } = settings.value;
      podNetwork.fill(await house.network.value.openPodNetwork({ podCidr, serviceCidr }));
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
      // Policies are in force before a pod starts, the proxy is told before one ends.
      needs: [clientsNeed, "cri", "network-policy", "proxy"],
      client: () => clients.kubelet(),
      run: (client, informers, context) => {
        kubelet.fill(
          createKubelet({
            nodeName: config.nodeName,
            client,
            informers,
            cri: cri.value,
            clusterDns: podNetwork.value.gateway,
            clusterDomain: settings.value.clusterDomain,
            rootDir: layout.kubelet,
            podLogsDir: layout.podLogs,
            guard: networkPolicies.value,
            untilPodLeft: (pod, signal) => proxy.value.untilPodLeft(pod, signal),
            nodeIp: podNetwork.value.gateway,
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
      needs: [clientsNeed, "pod-network"],
      client: () => clients.proxy(),
      run: (_client, informers, context) => {
        proxy.fill(
          new KubeProxy({
            informers,
            nodeName: config.nodeName,
            instanceId: config.instanceId,
            podNetwork: podNetwork.value,
            logger,
            clock,
          }),
        );
        return proxy.value.run(context);
      },
      logger,
      clock,
    }),
    withInformers({
      name: "network-policy",
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
      needs: [clientsNeed, "pod-network"],
      client: () => clients.dns(),
      run: (_client, informers, context) =>
        new ClusterDns({
          informers,
          address: podNetwork.value.gateway,
          instanceId: config.instanceId,
          clusterDomain: settings.value.clusterDomain,
          logger,
          clock,
        }).run(context),
      logger,
      clock,
    }),
    // Who waits for the node waits until pods can start.
    openCloseService("node", ["kubelet", "proxy", "dns"], async (signal) => {
      await untilNodeReady(clients.kubelet(), config.nodeName, signal);
      return () => {};
    }),
  ];
  return { services, kubelet };
}
