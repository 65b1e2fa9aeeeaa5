import { uptime } from "node:process";
import {
  type Clock,
  errorMessage,
  GantryError,
  type Service,
  type ServiceContext,
  systemClock,
} from "../../base/index.ts";
import { type HttpServer, startHttpServer } from "../../http/index.ts";
import { type Store, WatchCache } from "../../store/index.ts";
import {
  builtInKinds,
  groupResourceText,
  type KindSource,
  metricValueLists,
  nodes,
  pods,
  secrets,
  serviceAccounts,
  setClusterCapabilities,
} from "../api/index.ts";
import { createInProcessClient } from "../client/index.ts";
import type { ApiBackend, KubeClient, UserInfo } from "../client/types.ts";
import { AdmissionMetrics } from "./admission/admission-metrics.ts";
import { Aggregation } from "./aggregation/aggregation.ts";
import { publishedHeaders } from "./aggregation/published-headers.ts";
import { AddressRepair } from "./allocation/address-repair.ts";
import { ServiceAllocator } from "./allocation/service-allocator.ts";
import type { ApiServer, ApiServerOptions } from "./api-server-options.ts";
import { ServerAudit } from "./audit/server-audit.ts";
import { type ServerAuthentication, serverAuthentication } from "./authentication/server-authentication.ts";
import { ServiceAccountTokens } from "./authentication/service-account-tokens.ts";
import { MASTERS } from "./authentication/users.ts";
import { RBAC_PREFIX } from "./authorization/rbac-cache.ts";
import { ServerAuthorization } from "./authorization/server-authorization.ts";
import { DEFAULT_AUTHORIZATION } from "./authorization/server-authorizer.ts";
import { writeBootstrapObjects } from "./bootstrap/bootstrap.ts";
import {
  keepClusterAuthentication,
  publishClusterAuthentication,
} from "./bootstrap/cluster-authentication.ts";
import { writeDefaultServiceCidr } from "./bootstrap/default-service-cidr.ts";
import { keepFlowControl } from "./bootstrap/flow-control.ts";
import { writeKubernetesService } from "./bootstrap/kubernetes-service.ts";
import { keepTrackingLegacyTokens, trackLegacyTokens } from "./bootstrap/legacy-token-tracking.ts";
import { keepServedBy } from "./bootstrap/served-by.ts";
import { CacheChecker } from "./cache-checker.ts";
import type { ChainOptions } from "./chain.ts";
import { createServerContext } from "./create-context.ts";
import { CustomKinds } from "./custom/custom-kinds.ts";
import { EncryptedStore, unreadable } from "./encryption/encrypted-store.ts";
import { reloadEncryption } from "./encryption/server-encryption.ts";
import { ENCRYPTED, startsWith } from "./encryption/value-transformer.ts";
import { FlowControl } from "./flow-control/flow-control.ts";
import { FollowFlowObjects } from "./flow-control/follow-flow-objects.ts";
import { Health } from "./health/health.ts";
import { StartSteps } from "./health/start-steps.ts";
import type { DebugPages } from "./http/debug-pages.ts";
import { HttpFront } from "./http/http-front.ts";
import { ServerPaths } from "./http/server-paths.ts";
import { LocalBackend } from "./local-backend.ts";
import { MetricValues } from "./metric-values/metric-values.ts";
import { ApiServerMetrics } from "./metrics.ts";
import { Kubelets } from "./nodes/kubelets.ts";
import { FreshObjects } from "./objects/fresh-objects.ts";
import { keyPrefix, REGISTRY, searchPrefix } from "./objects/object-keys.ts";
import { CachedLookup } from "./objects/object-lookup.ts";
import { ObjectStore } from "./objects/object-store.ts";
import { StoredObject } from "./objects/stored-object.ts";
import { Offload } from "./offload/offload.ts";
import { RequestThreads } from "./offload/request-threads.ts";
import { certificatesByName } from "./options/named-certificates.ts";
import { DEFAULT_REQUEST_TIMES, type RequestTimes } from "./options/read-request-times.ts";
import { DEFAULT_HTTP2 } from "./options/read-serving.ts";
import { observers } from "./request-observer.ts";
import { aborted, runUntilReady } from "./run-until-ready.ts";
import type { ServerContext } from "./server-context.ts";
import { KUBERNETES_VERSION } from "./version.ts";
import { TlsAgents } from "./webhook/tls-agents.ts";
import { WebhookClient } from "./webhook/webhook-client.ts";

const NODE_PORTS = { first: 30_000, last: 32_767 };
const MAX_IN_FLIGHT = { reading: 400, mutating: 200 };
/** Who the server itself is towards its own API. */
const SELF: UserInfo = { name: "system:apiserver", groups: [MASTERS] };
/** What a client asked for and does not take is not kept for it for longer. */
const CLIENT_STALL_MS = 30_000;

/** The Kubernetes API over one store. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  return new KubeApiServer(options);
}

class KubeApiServer implements ApiServer {
  readonly #options: ApiServerOptions;
  readonly #plainStore: Store;
  readonly #encrypted: EncryptedStore | undefined;
  readonly #clock: Clock;
  readonly #cache: WatchCache<StoredObject>;
  readonly #fresh = new FreshObjects();
  #rbacVersion = 0;
  readonly #flowControl: FlowControl;
  readonly #admissionMetrics = new AdmissionMetrics();
  readonly #metrics: ApiServerMetrics;
  readonly #audit: ServerAudit | undefined;
  readonly #checker: CacheChecker;
  readonly #kinds = builtInKinds();
  readonly #services: ServiceAllocator;
  readonly #addressRepair: AddressRepair;
  readonly #agents = new TlsAgents();
  readonly #webhooks: WebhookClient;
  readonly #kubelets: Kubelets;
  readonly #objects: ObjectStore;
  readonly #lookup: CachedLookup;
  readonly #tokens: ServiceAccountTokens;
  readonly #authentication: ServerAuthentication;
  readonly #authorization: ServerAuthorization;
  readonly #metricValues: MetricValues;
  readonly #context: ServerContext;
  readonly #aggregation: Aggregation;
  readonly #start = new StartSteps();
  readonly #threads: RequestThreads;
  readonly #front: HttpFront;
  readonly backend: ApiBackend;
  readonly #client: KubeClient;
  readonly service: Service;
  #http: HttpServer | undefined;
  #isStopping = false;

  constructor(given: ApiServerOptions) {
    this.#plainStore = given.store;
    this.#encrypted = given.encryption && new EncryptedStore(given.store, given.encryption.transformers);
    const options = this.#encrypted ? { ...given, store: this.#encrypted } : given;
    this.#options = options;
    setClusterCapabilities({ allowsPrivileged: options.allowsPrivileged ?? true });
    this.#clock = options.clock ?? systemClock;
    this.#cache = new WatchCache<StoredObject>({
      store: options.store,
      prefix: REGISTRY,
      decode: (key, value, revision) => this.#decode(key, value, revision),
      deletedAt: (previous, revision) => {
        this.#noteChange(previous.key);
        return previous.deletedAt(revision);
      },
      onLoaded: () => this.#rbacVersion++,
      ...options.watchLimits,
      logger: options.logger,
      clock: this.#clock,
    });
    this.#services = new ServiceAllocator({
      store: options.store,
      cache: this.#cache,
      serviceCidr: options.serviceCidr,
      nodePorts: options.nodePortRange ?? NODE_PORTS,
      clock: this.#clock,
    });
    this.#addressRepair = new AddressRepair({
      store: options.store,
      cache: this.#cache,
      logger: options.logger,
      clock: this.#clock,
    });
    this.#objects = new ObjectStore({
      store: options.store,
      cache: this.#cache,
      fresh: this.#fresh,
      eventTtlSeconds: options.eventTtlSeconds,
      clock: this.#clock,
    });
    this.#lookup = new CachedLookup(this.#cache, this.#objects);
    this.#tokens = this.#createTokens();
    this.#authentication = serverAuthentication({
      options: options.authentication ?? {},
      ownCaPem: options.certificates.caPem,
      serviceAccounts: this.#tokens,
      lookup: this.#lookup,
      client: () => this.#client,
      agents: this.#agents,
      logger: options.logger,
      clock: this.#clock,
    });
    this.#authorization = new ServerAuthorization(options.authorization ?? DEFAULT_AUTHORIZATION, {
      logger: options.logger,
      clock: this.#clock,
    });
    this.#webhooks = new WebhookClient({ lookup: this.#lookup, clock: this.#clock, agents: this.#agents });
    this.#kubelets = new Kubelets({
      lookup: this.#lookup,
      client: options.certificates.kubeletClient,
      caPem: options.certificates.caPem,
      clock: this.#clock,
    });
    this.#aggregation = new Aggregation({
      cache: this.#cache,
      lookup: this.#lookup,
      agents: this.#agents,
      proxyClient: options.certificates.frontProxy.client,
      logger: options.logger,
      clock: this.#clock,
    });
    const { services: aggregated } = this.#aggregation;
    this.#metricValues = new MetricValues({
      source: () => options.metricSource?.(),
      isTakenOver: (group) => aggregated.isTakenOver(group),
    });
    this.#context = this.#createContext();
    this.#flowControl = this.#createFlowControl();
    this.#metrics = new ApiServerMetrics({
      clock: this.#clock,
      flowControl: this.#flowControl,
      admission: this.#admissionMetrics,
      storedObjects: () =>
        this.#kinds.stored().map((kind) => [groupResourceText(kind), this.#cache.count(keyPrefix(kind))]),
      ...(options.metricsOfOthers ? { ofOthers: options.metricsOfOthers } : {}),
      ...(options.metricsOfThreads ? { ofThreads: options.metricsOfThreads } : {}),
    });
    this.#checker = new CacheChecker({
      store: options.store,
      cache: this.#cache,
      metrics: this.#metrics,
      logger: options.logger,
      clock: this.#clock,
    });
    const { audit, logger } = options;
    this.#audit =
      audit && new ServerAudit(audit, { metrics: this.#metrics.audit, logger, clock: this.#clock });
    const further = [this.#audit?.observer, options.observer].filter((one) => one !== undefined);
    const observer = observers([this.#metrics, ...further]);
    this.#threads = new RequestThreads({
      store: options.store,
      serviceCidr: options.serviceCidr,
      nodePorts: options.nodePortRange ?? NODE_PORTS,
      admissionPlugins: options.admissionPlugins,
      authorization: () => this.#authorization.options,
      eventTtlSeconds: options.eventTtlSeconds,
      allowsPrivileged: options.allowsPrivileged,
      logger: options.logger,
      clock: this.#clock,
    });
    const offload = new Offload({ threads: this.#threads, cache: this.#cache, clock: this.#clock });
    const flowControl = this.#flowControl;
    const chain: ChainOptions = { context: this.#context, aggregated, observer, flowControl, offload };
    this.backend = new LocalBackend(chain, this.#aggregation.objects);
    this.#client = createInProcessClient(this.backend, SELF, {
      userAgent: `kube-apiserver/${KUBERNETES_VERSION}`,
    });
    this.#front = this.#createFront(chain);
    this.service = { name: "apiserver", needs: [], run: (context) => this.#run(context) };
  }

  #decode(key: string, value: Uint8Array, revision: number): StoredObject {
    this.#noteChange(key);
    if (startsWith(value, ENCRYPTED))
      throw unreadable(key, "identity transformer tried to read encrypted data");
    const written = this.#fresh.take(key, value);
    return written
      ? StoredObject.written(key, value, revision, written)
      : new StoredObject(key, value, revision);
  }

  /** Called with each change before anybody sees it: what was worked out from the old roles no longer holds. */
  #noteChange(key: string): void {
    if (key.startsWith(RBAC_PREFIX)) this.#rbacVersion++;
  }

  get kinds(): KindSource {
    return this.#kinds;
  }

  get address(): { host: string; port: number } | undefined {
    const address = this.#http?.address();
    return address && "port" in address ? address : undefined;
  }

  get #requestTimes(): RequestTimes {
    return this.#options.requestTimes ?? DEFAULT_REQUEST_TIMES;
  }

  #createFlowControl(): FlowControl {
    const { reading, mutating } = this.#options.maxInFlight ?? MAX_IN_FLIGHT;
    return new FlowControl({
      clock: this.#clock,
      serverLimit: reading + mutating,
      requestTimeoutMs: this.#requestTimes.timeoutMs,
      countObjects: (info) => {
        const kind = this.#kinds.find(info.group, info.version, info.resource);
        return kind && this.#cache.count(searchPrefix(kind, info));
      },
    });
  }

  #createTokens(): ServiceAccountTokens {
    const { certificates, clusterDomain, serviceAccountTokens: given = {} } = this.#options;
    const issuer = `https://kubernetes.default.svc.${clusterDomain ?? "cluster.local"}`;
    const bound = { pods, secrets, nodes, serviceaccounts: serviceAccounts };
    const { jwksUri: _, ...wanted } = given;
    return new ServiceAccountTokens({
      key: certificates.tokenSigningKey,
      issuers: [issuer],
      ...wanted,
      lookup: async (resource, namespace, name) =>
        (await this.#objects.find(bound[resource], namespace, name))?.object,
      clock: this.#clock,
    });
  }

  #createContext(): ServerContext {
    return createServerContext({
      options: this.#options,
      kinds: this.#kinds,
      cache: this.#cache,
      objects: this.#objects,
      lookup: this.#lookup,
      rbacVersion: () => this.#rbacVersion,
      authorization: this.#authorization,
      webhooks: this.#webhooks,
      services: this.#services,
      kubelets: this.#kubelets,
      tokens: this.#tokens,
      tokenAuthenticator: this.#authentication.tokens,
      metricValues: this.#metricValues,
      admissionMetrics: this.#admissionMetrics,
      clock: this.#clock,
    });
  }

  #createFront(chain: ChainOptions): HttpFront {
    const { logger, store, clientStallMs, browserRules } = this.#options;
    const paths = new ServerPaths({
      kinds: this.#kinds,
      aggregation: this.#aggregation,
      namedResources: this.#metricValues,
      health: new Health({
        live: [
          { name: "ping", check: () => {} },
          // Whatever store it is: under this name probes ask for it everywhere.
          { name: "etcd", check: async () => void (await store.status()) },
          ...this.#start.checks,
        ],
        ready: [
          { name: "etcd-readiness", check: async () => void (await store.status()) },
          { name: "informer-sync", check: () => this.#checkCache() },
          { name: "shutdown", check: () => this.#checkRunning() },
        ],
        logger,
        clock: this.#clock,
      }),
      metrics: this.#metrics,
      flowControl: this.#flowControl,
      debugPages: this.#debugPages(),
      clock: this.#clock,
      issuer: this.#tokens.issuer,
      jwksUri: this.#options.serviceAccountTokens?.jwksUri,
      tokenKeys: this.#tokens.keys,
      serverAddress: () => `${this.#options.advertiseAddress}:${this.address?.port ?? this.#options.port}`,
    });
    return new HttpFront({
      chain,
      authentication: this.#authentication.front,
      answerPath: (ctx, info, user) => paths.answer(ctx, info, user),
      proxy: this.#aggregation.proxy,
      clientStallMs: clientStallMs ?? CLIENT_STALL_MS,
      requestTimes: this.#requestTimes,
      browserRules,
      logger,
      clock: this.#clock,
    });
  }

  async #publishAuthentication(client: KubeClient, signal: AbortSignal): Promise<void> {
    const { authentication, certificates, logger } = this.#options;
    const published = {
      client,
      clientCaPem: this.#authentication.clientCaPem,
      requestHeader: publishedHeaders(certificates.frontProxy.caPem, authentication?.requestHeader),
      logger,
      clock: this.#clock,
    };
    await publishClusterAuthentication(published);
    keepClusterAuthentication(published, signal);
    await trackLegacyTokens(published);
    keepTrackingLegacyTokens(published, signal);
  }

  /** Makes the Service `kubernetes` lead here; returns what takes this server out again, where there are others. */
  async #publishServer(client: KubeClient): Promise<() => Promise<void>> {
    const { advertiseAddress: address, isStoreShared, logger } = this.#options;
    const service = { client, clusterIp: this.#services.firstAddress, port: this.address!.port };
    if (isStoreShared)
      return keepServedBy({ ...service, address, store: this.#plainStore, logger, clock: this.#clock });
    await writeKubernetesService({ ...service, addresses: [address] });
    return async () => {};
  }

  #debugPages(): DebugPages {
    const { hasStatus = false, flags } = this.#options.debugPages ?? {};
    const startedAtMs = this.#clock.nowMs() - uptime() * 1000;
    return { ...(hasStatus ? { startedAtMs } : {}), ...(flags ? { flags } : {}) };
  }

  #checkRunning(): void {
    if (this.#isStopping) throw new GantryError("Unavailable", "process is shutting down");
  }

  async #checkCache(): Promise<void> {
    const wanted = await this.#context.objects.revision();
    if (await this.#cache.waitFor(wanted, 1000)) return;
    throw new GantryError(
      "Unavailable",
      `the watch cache is at ${this.#cache.revision}, the store at ${wanted}`,
    );
  }

  #customKinds(client: KubeClient): CustomKinds {
    const webhooks = this.#webhooks;
    return new CustomKinds({
      kinds: this.#kinds,
      client,
      webhooks,
      clock: this.#clock,
      logger: this.#options.logger,
    });
  }

  #followFlowObjects(client: KubeClient): FollowFlowObjects {
    const { logger } = this.#options;
    return new FollowFlowObjects({ flowControl: this.#flowControl, client, logger, clock: this.#clock });
  }

  async #run({ signal, ready }: ServiceContext): Promise<void> {
    const { store, port, host, certificates, tls = {}, http2 = DEFAULT_HTTP2, logger } = this.#options;
    const builtIn = [...this.#kinds.served(), ...metricValueLists];
    await this.#audit?.open();
    await writeBootstrapObjects(store, builtIn, this.#clock.nowMs());
    this.#start.finish(
      "poststarthook/rbac/bootstrap-roles",
      "poststarthook/scheduling/bootstrap-system-priority-classes",
    );
    const caching = new AbortController();
    if (this.#encrypted && this.#options.encryption) {
      const reloading = { logger, clock: this.#clock, signal: caching.signal };
      reloadEncryption(this.#options.encryption, this.#encrypted, reloading);
    }
    this.#authentication.run(caching.signal);
    this.#authorization.follow(caching.signal);
    const cacheRun = runUntilReady((cacheReady) =>
      this.#cache.run({ signal: caching.signal, ready: cacheReady }),
    );
    await cacheRun.ready;
    const checking = this.#checker.run(caching.signal);
    checking.catch(() => {});
    this.#metrics.start();
    const client = this.#client;
    const running: Promise<void>[] = [];
    let leave = async (): Promise<void> => {};
    try {
      await this.#addressRepair.repairAll();
      running.push(this.#addressRepair.run(caching.signal));
      const customRun = runUntilReady((customReady) =>
        this.#customKinds(client).run({ signal: caching.signal, ready: customReady }),
      );
      running.push(customRun.ended);
      await customRun.ready;
      this.#start.finish("poststarthook/crd-informer-synced");
      await keepFlowControl(client);
      const flowRun = runUntilReady((flowReady) =>
        this.#followFlowObjects(client).run({ signal: caching.signal, ready: flowReady }),
      );
      running.push(flowRun.ended);
      await flowRun.ready;
      this.#start.finish("poststarthook/priority-and-fairness-config-consumer");
      const clientCa = this.#authentication.authoritiesPem;
      this.#http = await startHttpServer({
        listen: { port, ...(host === undefined ? {} : { host }) },
        tls: {
          key: tls.pair?.keyPem ?? certificates.server.keyPem,
          cert: tls.pair?.certPem ?? certificates.server.certPem,
          ...(tls.minVersion ? { minVersion: tls.minVersion } : {}),
          ...(tls.ciphers ? { ciphers: tls.ciphers } : {}),
          ...(tls.named ? { contextFor: certificatesByName(tls.named, clientCa) } : {}),
          ca: clientCa,
          requestCert: true,
        },
        ...(http2.isOffered ? { http2 } : {}),
        handler: (ctx) => this.#front.handle(ctx),
        upgrade: (req, socket, head) => this.#front.upgrade(req, socket, head),
        onError: (ctx, error) => this.#front.onError(ctx, error),
        keepsEmptySegments: true,
        logger,
        // apiserver takes 1 MiB of headers: long lists of groups and tokens go there.
        limits: {
          maxHeaderBytes: 1024 * 1024,
          answerStallMs: this.#options.clientStallMs ?? CLIENT_STALL_MS,
        },
      });
      const aggregationRun = runUntilReady((aggregationReady) =>
        this.#aggregation.run({ client, builtIn }, { signal: caching.signal, ready: aggregationReady }),
      );
      running.push(aggregationRun.ended);
      await aggregationRun.ready;
      this.#start.finish("autoregister-completion");
      const { cidr } = this.#services;
      await writeDefaultServiceCidr({ client, cidr, logger, clock: this.#clock });
      leave = await this.#publishServer(client);
      this.#start.finish("poststarthook/bootstrap-controller");
      await this.#publishAuthentication(client, caching.signal);
      this.#start.finish(
        "poststarthook/start-cluster-authentication-info-controller",
        "poststarthook/start-legacy-token-tracking-controller",
      );
      ready();
      await Promise.race([aborted(signal), cacheRun.ended, checking]);
      this.#isStopping = true;
    } finally {
      await leave().catch((error) =>
        logger.warn("this server stays an endpoint", { error: errorMessage(error) }),
      );
      await this.#http?.close();
      await this.#threads.stop();
      this.#metrics.stop();
      this.#agents.close();
      this.#kubelets.close();
      this.#authorization.close();
      caching.abort();
      await Promise.all([cacheRun.ended, checking, ...running]);
      await this.#audit?.close();
    }
  }
}
