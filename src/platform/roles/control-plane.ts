import { type Clock, DeferredSaves, errorMessage, type Logger, type Service } from "../../base/index.ts";
import type { NetworkBackend, PlatformOptions } from "../../cli/index.ts";
import type { KindSource } from "../../kube/api/index.ts";
import {
  type ApiServer,
  type Certificates,
  createApiServer,
  type FlaggedOptions,
  issueLegacyToken,
  openCertificates,
  readServerOptions,
  type TokenSigningKey,
} from "../../kube/apiserver/index.ts";
import {
  createEventRecorder,
  createInProcessClient,
  type EventRecorder,
  type KubeClient,
  LeaderElection,
  type UserInfo,
} from "../../kube/client/index.ts";
import type { NodeAccess } from "../../kube/client/node-access.ts";
import {
  createControllerManager,
  provideStorageClass,
  readControllerSettings,
  WorkqueueMetrics,
} from "../../kube/controllers/index.ts";
import { provideDnsService } from "../../kube/dns/index.ts";
import {
  createScheduler,
  type SchedulerConfiguration,
  SchedulerMetrics,
} from "../../kube/scheduler/index.ts";
import { MetricsScraper } from "../../kube/scraper/index.ts";
import { EtcdRequestTimes, type Store } from "../../store/index.ts";
import { firstAddress, nameServiceAddress } from "../address-range.ts";
import { writeAdminKubeconfig } from "../admin-kubeconfig.ts";
import { openCluster } from "../cluster/cluster-record.ts";
import { type ClusterSettings, nodePrefix } from "../cluster/cluster-settings.ts";
import { nodeAddress } from "../cluster/node-address.ts";
import { publishCluster } from "../cluster/published-settings.ts";
import type { PlatformConfig } from "../config.ts";
import { withPortHint } from "../engine-services.ts";
import type { HomeLayout } from "../home.ts";
import { openCloseService } from "../open-close.ts";
import { openStore } from "../open-store.ts";
import { RunningParts } from "../running-parts.ts";
import { Slot } from "../slot.ts";
import { whileLeading } from "../while-leading.ts";
import { withInformers } from "../with-informers.ts";
import { asAdmin, asController, asControllerManager, asScheduler } from "./identities.ts";

export interface ControlPlaneOptions {
  layout: HomeLayout;
  config: PlatformConfig;
  programFlags: PlatformOptions["programFlags"];
  /** Of the cluster, as this start wants it. */
  networkBackend: NetworkBackend | undefined;
  /** The way to the node of this process, once it is there. */
  localNode: (nodeName: string) => NodeAccess | undefined;
  /** What the proxy for traffic from outside tells of itself. */
  proxyMetrics: () => Promise<readonly string[]>;
  schedulerConfiguration: SchedulerConfiguration | undefined;
  logger: Logger;
  clock: Clock;
}

export interface ControlPlane {
  services: Service[];
  store: Slot<Store>;
  settings: Slot<ClusterSettings>;
  certificates: Slot<Certificates>;
  /** A client in this process, once the API server is ready. */
  clientAs(user: UserInfo, userAgent: string): KubeClient;
  /** What is served; likewise. */
  kinds(): KindSource;
}

/** What decides: store, API server, controllers, scheduler. */
export function controlPlane(options: ControlPlaneOptions): ControlPlane {
  const { layout, config, programFlags, logger, clock } = options;
  const controllerSettings = readControllerSettings(programFlags.controllerManager);
  const store = new Slot<Store>("store");
  const settings = new Slot<ClusterSettings>("cluster");
  const certificates = new Slot<Certificates>("certificates");
  const apiServer = new Slot<ApiServer>("API server");
  const serverCa = new Slot<string>("authority of the API server");
  const tokenKey = new Slot<TokenSigningKey>("key that signs tokens");
  const kubeconfig = new DeferredSaves({ what: "file", logger, clock });
  const scraper = new Slot<MetricsScraper>("metrics scraper");
  const parts = new RunningParts();
  const schedulerMetrics = new SchedulerMetrics(clock);
  const requestTimes = new EtcdRequestTimes(storedTypeOf);
  const queueMetrics = new WorkqueueMetrics(clock);

  const clientAs = (user: UserInfo, userAgent: string): KubeClient =>
    createInProcessClient(apiServer.value.backend, user, { userAgent });

  /** The home's own store has one server; in an etcd there may be others. */
  const isStoreShared = config.store !== "embedded";
  const onOne = (name: string, user: UserInfo, service: Service): Service => {
    if (!isStoreShared) return parts.noting(service);
    const identity = `${config.nodeName}_${config.machine}`;
    const election = () =>
      new LeaderElection({
        client: clientAs(user, "leader-election"),
        namespace: "kube-system",
        name,
        identity,
        logger,
        clock,
      });
    return parts.noting(whileLeading(service, election));
  };

  const services: Service[] = [
    openCloseService("store", [], async () => {
      store.fill(await openStore(config, layout, logger, clock, requestTimes));
      return () => store.value.close();
    }),
    openCloseService("cluster", ["store"], async () => {
      const { pki: pkiDir } = layout;
      const { networkBackend } = options;
      const { graceMs: nodeMonitorGraceMs } = controllerSettings.nodeMonitoring;
      const shared = { store: store.value, pkiDir, config, networkBackend, logger, clock };
      settings.fill({ ...(await openCluster(shared)), nodeMonitorGraceMs });
      return () => {};
    }),
    openCloseService("certificates", ["cluster"], async () => {
      const { serviceCidr, podCidr, clusterDomain } = settings.value;
      certificates.fill(
        await openCertificates({
          pkiDir: layout.pki,
          serviceAddress: firstAddress(serviceCidr),
          names: [config.nodeName, firstAddress(podCidr), nodeAddress(config, settings.value)],
          clusterDomain,
          clock,
        }),
      );
      return () => {};
    }),
    {
      name: "apiserver",
      needs: ["store", "certificates"],
      async run(context) {
        const { tokenSigningKey } = certificates.value;
        const { serviceCidr, clusterDomain } = settings.value;
        const writeOut = (text: string) => void process.stdout.write(text);
        const { apiServer: flags } = programFlags;
        const flagged = await readServerOptions(flags, { logger, writeOut, tokenSigningKey });
        // Machines join by them: unlike upstream's they are taken unless that is forbidden.
        const takesBootstrapTokens =
          flags["enable-bootstrap-token-auth"] === undefined ||
          flagged.authentication?.bootstrapTokens === true;
        serverCa.fill(authorityOf(certificates.value, flagged));
        tokenKey.fill(flagged.serviceAccountTokens?.key ?? tokenSigningKey);
        const server = createApiServer({
          ...flagged,
          authentication: { ...flagged.authentication, bootstrapTokens: takesBootstrapTokens },
          store: store.value,
          isStoreShared,
          certificates: certificates.value,
          serviceCidr,
          clusterDomain,
          advertiseAddress: nodeAddress(config, settings.value),
          port: config.apiPort,
          nodeAccess: options.localNode,
          metricSource: () => scraper.current,
          metricsOfOthers: () => [
            ...queueMetrics.lines(),
            ...schedulerMetrics.lines(),
            ...(isStoreShared ? requestTimes.lines() : []),
          ],
          metricsOfThreads: options.proxyMetrics,
          components: [
            { name: "controller-manager", check: () => parts.check("controllers") },
            { name: "scheduler", check: () => parts.check("scheduler") },
          ],
          logger,
          clock,
        });
        apiServer.fill(server);
        await kubeconfig.saveOrDefer(layout.kubeconfig, () =>
          writeAdminKubeconfig({
            path: layout.kubeconfig,
            apiPort: config.apiPort,
            certificates: certificates.value,
            serverCa: serverCa.value,
          }),
        );
        await withPortHint("--api-port", () =>
          server.service.run({ signal: context.signal, ready: context.ready }),
        );
      },
    },
    openCloseService("cluster-info", ["apiserver"], async () => {
      await publishCluster(clientAs(asAdmin, "gantry"), {
        settings: settings.value,
        server: `https://${nodeAddress(config, settings.value)}:${config.apiPort}`,
        caPem: serverCa.value,
      });
      return () => {};
    }),
    openCloseService("storage-class", ["apiserver"], async () => {
      // An API that does not take it now is asked again at the next start; volumes are made all the same.
      await provideStorageClass(clientAs(asAdmin, "gantry")).catch((error) =>
        logger.warn("the default storage class was not made", { error: errorMessage(error) }),
      );
      return () => {};
    }),
    openCloseService("dns-service", ["apiserver"], async () => {
      const address = nameServiceAddress(settings.value.serviceCidr);
      // Without it names are answered all the same, at the address that pods know.
      if (address !== undefined)
        await provideDnsService(clientAs(asAdmin, "gantry"), address).catch((error) =>
          logger.warn("the Service of the name service was not made", { error: errorMessage(error) }),
        );
      return () => {};
    }),
    onOne(
      "kube-controller-manager",
      asControllerManager,
      withInformers({
        name: "controllers",
        needs: ["apiserver"],
        client: () => clientAs(asControllerManager, "kube-controller-manager"),
        run: (ownClient, informers, context) =>
          createControllerManager({
            clientFor: (identity) => clientAs(asController(identity), "kube-controller-manager"),
            ownClient,
            informers,
            kinds: apiServer.value.kinds,
            caCertificate: serverCa.value,
            issueToken: (account, secretName) => issueLegacyToken(account, secretName, tokenKey.value),
            authority: certificates.value.authority,
            podCidr: settings.value.podCidr,
            nodeCidrMaskSize: nodePrefix(settings.value),
            loadBalancerCidr: settings.value.loadBalancerCidr,
            settings: controllerSettings,
            queueMetrics,
            logger,
            clock,
          }).run(context),
        logger,
        clock,
      }),
    ),
    onOne(
      "kube-scheduler",
      asScheduler,
      withInformers({
        name: "scheduler",
        needs: ["apiserver"],
        client: () => clientAs(asScheduler, "kube-scheduler"),
        run: (client, informers, context) => {
          const recorders = new Map<string, EventRecorder>();
          const recorderFor = (component: string): EventRecorder => {
            const recorder =
              recorders.get(component) ?? createEventRecorder({ client, component, clock, logger });
            recorders.set(component, recorder);
            return recorder;
          };
          return createScheduler({
            client,
            informers,
            recorderFor,
            configuration: options.schedulerConfiguration,
            metrics: schedulerMetrics,
            logger,
            clock,
          }).run(context);
        },
        logger,
        clock,
      }),
    ),
    withInformers({
      name: "metrics-scraper",
      needs: ["apiserver"],
      client: () => clientAs(asControllerManager, "kube-controller-manager"),
      run: (_client, informers, context) => {
        scraper.fill(new MetricsScraper({ informers, logger, clock }));
        return scraper.value.run(context);
      },
      logger,
      clock,
    }),
  ];
  return { services, store, settings, certificates, clientAs, kinds: () => apiServer.value.kinds };
}

/** By whom clients know the server: a certificate of its own stands for itself. */
function authorityOf({ caPem }: Certificates, { tls }: FlaggedOptions): string {
  return tls.pair ? `${caPem.trim()}\n${tls.pair.certPem.trim()}\n` : caPem;
}

/** What lies under a key of the store, as the API server lays it: `/registry/GROUP/RESOURCE/…`. */
function storedTypeOf(key: string): string {
  const [, root, group = "", resource = ""] = key.split("/");
  if (root !== "registry" || resource === "") return "other";
  return group === "core" ? resource : `${resource}.${group}`;
}
