import { type Clock, DeferredSaves, errorMessage, type Logger, type Service } from "../../base/index.ts";
import type { PlatformOptions } from "../../cli/index.ts";
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
  type KubeClient,
  type UserInfo,
} from "../../kube/client/index.ts";
import type { NodeAccess } from "../../kube/client/node-access.ts";
import {
  createControllerManager,
  provideStorageClass,
  readControllerSettings,
  WorkqueueMetrics,
} from "../../kube/controllers/index.ts";
import { createScheduler } from "../../kube/scheduler/index.ts";
import { MetricsScraper } from "../../kube/scraper/index.ts";
import { EtcdRequestTimes, type Store } from "../../store/index.ts";
import { firstAddress } from "../address-range.ts";
import { writeAdminKubeconfig } from "../admin-kubeconfig.ts";
import { openCluster } from "../cluster/cluster-record.ts";
import type { ClusterSettings } from "../cluster/cluster-settings.ts";
import type { PlatformConfig } from "../config.ts";
import { withPortHint } from "../engine-services.ts";
import type { HomeLayout } from "../home.ts";
import { openCloseService } from "../open-close.ts";
import { openStore } from "../open-store.ts";
import { RunningParts } from "../running-parts.ts";
import { Slot } from "../slot.ts";
import { withInformers } from "../with-informers.ts";
import { asAdmin, asController, asControllerManager, asScheduler } from "./identities.ts";

export interface ControlPlaneOptions {
  layout: HomeLayout;
  config: PlatformConfig;
  programFlags: PlatformOptions["programFlags"];
  /** The way to the node of this process, once it is there. */
  localNode: () => NodeAccess | undefined;
  logger: Logger;
  clock: Clock;
}

export interface ControlPlane {
  services: Service[];
  store: Slot<Store>;
  settings: Slot<ClusterSettings>;
  /** A client in this process, once the API server is ready. */
  clientAs(user: UserInfo, userAgent: string): KubeClient;
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
  const requestTimes = new EtcdRequestTimes(storedTypeOf);
  const queueMetrics = new WorkqueueMetrics(clock);

  const clientAs = (user: UserInfo, userAgent: string): KubeClient =>
    createInProcessClient(apiServer.value.backend, user, { userAgent });

  const services: Service[] = [
    openCloseService("store", [], async () => {
      store.fill(await openStore(config, layout, logger, clock, requestTimes));
      return () => store.value.close();
    }),
    openCloseService("cluster", ["store"], async () => {
      const { pki: pkiDir } = layout;
      settings.fill(await openCluster({ store: store.value, pkiDir, config, logger, clock }));
      return () => {};
    }),
    openCloseService("certificates", ["cluster"], async () => {
      const { serviceCidr, podCidr, clusterDomain } = settings.value;
      certificates.fill(
        await openCertificates({
          pkiDir: layout.pki,
          serviceAddress: firstAddress(serviceCidr),
          names: [config.nodeName, firstAddress(podCidr)],
          clusterDomain,
          clock,
        }),
      );
      return () => {};
    }),
    {
      name: "apiserver",
      needs: ["store", "certificates", "pod-network"],
      async run(context) {
        const { tokenSigningKey } = certificates.value;
        const { serviceCidr, podCidr, clusterDomain } = settings.value;
        const writeOut = (text: string) => void process.stdout.write(text);
        const flagged = await readServerOptions(programFlags.apiServer, {
          logger,
          writeOut,
          tokenSigningKey,
        });
        serverCa.fill(authorityOf(certificates.value, flagged));
        tokenKey.fill(flagged.serviceAccountTokens?.key ?? tokenSigningKey);
        const server = createApiServer({
          ...flagged,
          store: store.value,
          certificates: certificates.value,
          serviceCidr,
          clusterDomain,
          advertiseAddress: firstAddress(podCidr),
          port: config.apiPort,
          nodeAccess: options.localNode,
          metricSource: () => scraper.current,
          metricsOfOthers: () => [
            ...queueMetrics.lines(),
            ...(config.store === "embedded" ? [] : requestTimes.lines()),
          ],
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
    openCloseService("storage-class", ["apiserver"], async () => {
      // An API that does not take it now is asked again at the next start; volumes are made all the same.
      await provideStorageClass(clientAs(asAdmin, "gantry")).catch((error) =>
        logger.warn("the default storage class was not made", { error: errorMessage(error) }),
      );
      return () => {};
    }),
    parts.noting(
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
    parts.noting(
      withInformers({
        name: "scheduler",
        needs: ["apiserver"],
        client: () => clientAs(asScheduler, "kube-scheduler"),
        run: (client, informers, context) => {
          const recorder = createEventRecorder({ client, component: "default-scheduler", clock, logger });
          return createScheduler({ client, informers, recorder, logger, clock }).run(context);
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
  return { services, store, settings, clientAs };
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
