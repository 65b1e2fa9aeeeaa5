import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type Logger, silentLogger } from "../../../base/index.ts";
import { openMemoryStore, type Store } from "../../../store/index.ts";
import { serviceAccounts } from "../../api/index.ts";
import { createHttpsClient, createInProcessClient } from "../../client/index.ts";
import type { NodeAccess } from "../../client/node-access.ts";
import type { KubeClient, UserInfo } from "../../client/types.ts";
import { createApiServer } from "../api-server.ts";
import type { ApiServer, ApiServerOptions } from "../api-server-options.ts";
import { type Certificates, openCertificates } from "../certificates.ts";
import { kubeconfigText } from "../kubeconfig.ts";

export interface TestServer {
  url: string;
  api: ApiServer;
  certificates: Certificates;
  store: Store;
  /** As administrator, in process. */
  client: KubeClient;
  as(user: UserInfo): KubeClient;
  https(): Promise<KubeClient & { close(): void }>;
  kubeconfig(): Promise<string>;
  stop(): Promise<void>;
}

export interface TestServerOptions
  extends Pick<
    ApiServerOptions,
    | "watchLimits"
    | "clientStallMs"
    | "maxInFlight"
    | "observer"
    | "admissionPlugins"
    | "authentication"
    | "serviceAccountTokens"
    | "authorization"
    | "tls"
    | "http2"
    | "encryption"
    | "eventTtlSeconds"
    | "allowsPrivileged"
    | "audit"
    | "components"
    | "debugPages"
    | "requestTimes"
    | "browserRules"
  > {
  nodeAccess?: () => NodeAccess | undefined;
  metricSource?: ApiServerOptions["metricSource"];
  logger?: Logger;
  clock?: Clock;
  /** Closed by who made it. */
  store?: Store;
  port?: number;
  /** Of a server that ran before. */
  certificates?: Certificates;
}

export const ADMIN: UserInfo = { name: "admin", groups: ["system:masters"] };

/** A real API server over a memory store and real TLS, without controllers; namespace `default` has its account. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), "gantry-api-"));
  const logger = options.logger ?? silentLogger;
  const store = options.store ?? (await openMemoryStore({ logger }));
  const certificates =
    options.certificates ??
    (await openCertificates({ pkiDir: join(dir, "pki"), serviceAddress: "10.96.0.1" }));
  const api = createApiServer({
    store,
    certificates,
    serviceCidr: "10.96.0.0/16",
    advertiseAddress: "192.0.2.10",
    host: "127.0.0.1",
    port: options.port ?? 0,
    nodeAccess: options.nodeAccess ?? (() => undefined),
    logger,
    ...(options.metricSource ? { metricSource: options.metricSource } : {}),
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.maxInFlight ? { maxInFlight: options.maxInFlight } : {}),
    ...(options.observer ? { observer: options.observer } : {}),
    ...(options.audit ? { audit: options.audit } : {}),
    ...(options.serviceAccountTokens ? { serviceAccountTokens: options.serviceAccountTokens } : {}),
    ...(options.authorization ? { authorization: options.authorization } : {}),
    ...(options.encryption ? { encryption: options.encryption } : {}),
    ...(options.tls ? { tls: options.tls } : {}),
    ...(options.http2 ? { http2: options.http2 } : {}),
    ...(options.allowsPrivileged === undefined ? {} : { allowsPrivileged: options.allowsPrivileged }),
    ...(options.eventTtlSeconds ? { eventTtlSeconds: options.eventTtlSeconds } : {}),
    ...(options.authentication ? { authentication: options.authentication } : {}),
    ...(options.admissionPlugins ? { admissionPlugins: options.admissionPlugins } : {}),
    ...(options.components ? { components: options.components } : {}),
    ...(options.debugPages ? { debugPages: options.debugPages } : {}),
    ...(options.requestTimes ? { requestTimes: options.requestTimes } : {}),
    ...(options.browserRules ? { browserRules: options.browserRules } : {}),
    ...(options.watchLimits ? { watchLimits: options.watchLimits } : {}),
    ...(options.clientStallMs ? { clientStallMs: options.clientStallMs } : {}),
  });
  const stop = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const done = api.service.run({ signal: stop.signal, ready: resolve });
  await Promise.race([ready, done]);
  const url = `https://127.0.0.1:${api.address!.port}`;
  const client = createInProcessClient(api.backend, ADMIN);
  const { items } = await client.list(serviceAccounts, { namespace: "default" });
  if (items.length === 0)
    await client.create(serviceAccounts, { metadata: { name: "default", namespace: "default" } });
  const admin = () =>
    certificates.client("admin", { commonName: "admin", organizations: ["system:masters"] });
  return {
    url,
    api,
    certificates,
    store,
    client,
    as: (user) => createInProcessClient(api.backend, user),
    https: async () => {
      const { certPem, keyPem } = await admin();
      return createHttpsClient({ server: url, ca: certificates.caPem, cert: certPem, key: keyPem });
    },
    kubeconfig: async () => {
      const { certPem, keyPem } = await admin();
      return kubeconfigText({
        server: url,
        ca: certificates.caPem,
        cert: certPem,
        key: keyPem,
        name: "gantry",
      });
    },
    stop: async () => {
      stop.abort();
      await done;
      if (!options.store) await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
