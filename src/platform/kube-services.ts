import {
  type Clock,
  DeferredSaves,
  errorMessage,
  GantryError,
  isDiskError,
  type Logger,
  type Service,
  writeFileDurably,
} from "../base/index.ts";
import { type Cri, createCri } from "../cri/index.ts";
import { nodes } from "../kube/api/index.ts";
import {
  type ApiServer,
  type Certificates,
  createApiServer,
  type FlaggedOptions,
  type GivenFlags,
  issueLegacyToken,
  kubeconfigText,
  openCertificates,
  readServerOptions,
  type TokenSigningKey,
} from "../kube/apiserver/index.ts";
import {
  createEventRecorder,
  createInformerFactory,
  createInProcessClient,
  type InformerFactory,
  type KubeClient,
  type UserInfo,
} from "../kube/client/index.ts";
import { createControllerManager, createVolumeProvisioner } from "../kube/controllers/index.ts";
import { ClusterDns } from "../kube/dns/index.ts";
import { createKubelet, type Kubelet } from "../kube/kubelet/index.ts";
import { KubeProxy } from "../kube/proxy/index.ts";
import { createScheduler } from "../kube/scheduler/index.ts";
import type { PodNetwork } from "../network/index.ts";
import type { Store } from "../store/index.ts";
import type { PlatformConfig } from "./config.ts";
import type { EngineHouse } from "./engine-services.ts";
import { withPortHint } from "./engine-services.ts";
import type { HomeLayout } from "./home.ts";
import { openCloseService } from "./open-close.ts";
import { openStore } from "./open-store.ts";
import { RunningParts } from "./running-parts.ts";
import { Slot } from "./slot.ts";

export interface KubeHouse {
  services: Service[];
  store: Slot<Store>;
  apiServer: Slot<ApiServer>;
  client: Slot<KubeClient>;
}

export interface KubeHouseOptions {
  layout: HomeLayout;
  config: PlatformConfig;
  house: EngineHouse;
  podNetwork: Slot<PodNetwork>;
  apiServerFlags: GivenFlags;
  logger: Logger;
  clock: Clock;
}

const asControllerManager: UserInfo = {
  name: "system:kube-controller-manager",
  groups: ["system:authenticated"],
};
const asScheduler: UserInfo = { name: "system:kube-scheduler", groups: ["system:authenticated"] };
const asNode = (node: string): UserInfo => ({
  name: `system:node:${node}`,
  groups: ["system:nodes", "system:authenticated"],
});
const asController = (name: string): UserInfo => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
});

/** What Kubernetes does: store, API server, controllers, scheduler, kubelet, Services, DNS. */
export function kubeHouse(options: KubeHouseOptions): KubeHouse {
  const { layout, config, house, podNetwork, apiServerFlags, logger, clock } = options;
  const store = new Slot<Store>("store");
  const certificates = new Slot<Certificates>("certificates");
  const apiServer = new Slot<ApiServer>("API server");
  const serverCa = new Slot<string>("authority of the API server");
  const tokenKey = new Slot<TokenSigningKey>("key that signs tokens");
  const client = new Slot<KubeClient>("client");
  const informers = new Slot<InformerFactory>("informers");
  const cri = new Slot<Cri>("CRI");
  const kubelet = new Slot<Kubelet>("kubelet");
  const proxy = new Slot<KubeProxy>("proxy");
  const kubeconfig = new DeferredSaves({ what: "file", logger, clock });

  const as = (user: UserInfo, userAgent: string): KubeClient =>
    createInProcessClient(apiServer.value.backend, user, { userAgent });

  const parts = new RunningParts();
  const services: Service[] = [
    openCloseService("store", [], async () => {
      store.fill(await openStore(config, layout, logger, clock));
      return () => store.value.close();
    }),
    openCloseService("certificates", [], async () => {
      const serviceAddress = firstAddress(config.serviceCidr);
      certificates.fill(
        await openCertificates({
          pkiDir: layout.pki,
          serviceAddress,
          names: [config.nodeName, podGateway(config.podCidr)],
          clusterDomain: config.clusterDomain,
          clock,
        }),
      );
      return () => {};
    }),
    {
      name: "apiserver",
      needs: ["store", "certificates", "network"],
      async run(context) {
        const { tokenSigningKey } = certificates.value;
        const writeOut = (text: string) => void process.stdout.write(text);
        const flagged = await readServerOptions(apiServerFlags, { logger, writeOut, tokenSigningKey });
        serverCa.fill(authorityOf(certificates.value, flagged));
        tokenKey.fill(flagged.serviceAccountTokens?.key ?? tokenSigningKey);
        const server = createApiServer({
          ...flagged,
          store: store.value,
          certificates: certificates.value,
          serviceCidr: config.serviceCidr,
          clusterDomain: config.clusterDomain,
          advertiseAddress: podGateway(config.podCidr),
          port: config.apiPort,
          nodeAccess: () => kubelet.current,
          components: [
            { name: "controller-manager", check: () => parts.check("controllers") },
            { name: "scheduler", check: () => parts.check("scheduler") },
          ],
          logger,
          clock,
        });
        apiServer.fill(server);
        await kubeconfig.saveOrDefer(layout.kubeconfig, () =>
          writeKubeconfig(layout, config, certificates.value, serverCa.value),
        );
        await withPortHint("--api-port", () =>
          server.service.run({
            signal: context.signal,
            ready: context.ready,
          }),
        );
      },
    },
    {
      name: "informers",
      needs: ["apiserver"],
      async run({ signal, ready }) {
        client.fill(
          as({ name: "system:admin", groups: ["system:masters", "system:authenticated"] }, "gantry"),
        );
        informers.fill(
          createInformerFactory(as(asControllerManager, "kube-controller-manager"), { logger, clock }),
        );
        ready();
        await informers.value.run(signal);
      },
    },
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
    parts.noting({
      name: "controllers",
      needs: ["informers"],
      run: (context) =>
        createControllerManager({
          clientFor: (identity) => as(asController(identity), "kube-controller-manager"),
          ownClient: as(asControllerManager, "kube-controller-manager"),
          informers: informers.value,
          kinds: apiServer.value.kinds,
          caCertificate: serverCa.value,
          issueToken: (account, secretName) => issueLegacyToken(account, secretName, tokenKey.value),
          authority: certificates.value.authority,
          podCidr: config.podCidr,
          loadBalancerCidr: config.loadBalancerCidr,
          logger,
          clock,
        }).run(context),
    }),
    {
      name: "volume-provisioner",
      needs: ["informers"],
      run: (context) =>
        createVolumeProvisioner({
          client: as(asController("persistent-volume-binder"), "kube-controller-manager"),
          adminClient: client.value,
          informers: informers.value,
          kinds: apiServer.value.kinds,
          nodeName: config.nodeName,
          volumesDir: layout.persistentVolumes,
          logger,
          clock,
        }).run(context),
    },
    parts.noting({
      name: "scheduler",
      needs: ["informers"],
      run: (context) => {
        const own = as(asScheduler, "kube-scheduler");
        const recorder = createEventRecorder({ client: own, component: "default-scheduler", clock, logger });
        return createScheduler({ client: own, informers: informers.value, recorder, logger, clock }).run(
          context,
        );
      },
    }),
    {
      name: "kubelet",
      // The proxy is told before a pod ends.
      needs: ["informers", "cri", "proxy"],
      run: async (context) => {
        const own = as(asNode(config.nodeName), "kubelet");
        const nodeInformers = createInformerFactory(own, { logger, clock });
        kubelet.fill(
          createKubelet({
            nodeName: config.nodeName,
            client: own,
            informers: nodeInformers,
            cri: cri.value,
            clusterDns: podNetwork.value.gateway,
            clusterDomain: config.clusterDomain,
            rootDir: layout.kubelet,
            podLogsDir: layout.podLogs,
            untilPodLeft: (pod, signal) => proxy.value.untilPodLeft(pod, signal),
            nodeIp: podNetwork.value.gateway,
            logger,
            clock,
          }),
        );
        const ready = () => void markControlPlane(client.value, config.nodeName, logger).then(context.ready);
        await Promise.all([
          nodeInformers.run(context.signal),
          kubelet.value.run({ signal: context.signal, ready }),
        ]);
      },
    },
    {
      name: "proxy",
      needs: ["informers", "network"],
      run: (context) => {
        proxy.fill(
          new KubeProxy({
            informers: informers.value,
            nodeName: config.nodeName,
            instanceId: config.instanceId,
            podNetwork: podNetwork.value,
            logger,
            clock,
          }),
        );
        return proxy.value.run(context);
      },
    },
    {
      name: "dns",
      needs: ["informers", "network"],
      run: (context) =>
        new ClusterDns({
          informers: informers.value,
          address: podNetwork.value.gateway,
          instanceId: config.instanceId,
          clusterDomain: config.clusterDomain,
          logger,
          clock,
        }).run(context),
    },
  ];
  return { services, store, apiServer, client };
}

/** By whom clients know the server: a certificate of its own stands for itself. */
function authorityOf({ caPem }: Certificates, { tls }: FlaggedOptions): string {
  return tls.pair ? `${caPem.trim()}\n${tls.pair.certPem.trim()}\n` : caPem;
}

/** A kubelet may not give its node a role; who sets the cluster up does. */
async function markControlPlane(client: KubeClient, nodeName: string, logger: Logger): Promise<void> {
  const labels = { "node-role.kubernetes.io/control-plane": "" };
  try {
    await client.patch(nodes, undefined, nodeName, "merge", { metadata: { labels } });
  } catch (error) {
    logger.warn("the node was not given its role", { error: errorMessage(error) });
  }
}

async function writeKubeconfig(
  layout: HomeLayout,
  config: PlatformConfig,
  certificates: Certificates,
  serverCa: string,
): Promise<void> {
  const admin = await certificates.client("admin", {
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
  });
  const text = kubeconfigText({
    server: `https://127.0.0.1:${config.apiPort}`,
    ca: serverCa,
    cert: admin.certPem,
    key: admin.keyPem,
    name: "gantry",
  });
  try {
    await writeFileDurably(layout.kubeconfig, text, { mode: 0o600 });
  } catch (error) {
    if (isDiskError(error)) throw error;
    throw new GantryError("Unavailable", `cannot write ${layout.kubeconfig}: ${errorMessage(error)}`, {
      code: "Platform.Kubeconfig",
      hint: "remove what stands there, and start again",
      cause: error,
    });
  }
}

/** The first address of a range: of Services the API's own, of pods the host's. */
function firstAddress(cidr: string): string {
  const [network] = cidr.split("/");
  const parts = network!.split(".").map(Number);
  parts[3]!++;
  return parts.join(".");
}

const podGateway = firstAddress;
