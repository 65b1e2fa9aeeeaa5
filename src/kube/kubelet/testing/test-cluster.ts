import { join } from "node:path";
import { createLogger, type Logger, systemClock } from "../../../base/index.ts";
import { type Cri, createCri } from "../../../cri/index.ts";
import { openTestHome, type TestHome } from "../../../engine/testing/test-home.ts";
import { openMemoryStore, type Store } from "../../../store/index.ts";
import type { Pod } from "../../api/index.ts";
import { configMaps, events, namespaces, pods, serviceAccounts } from "../../api/index.ts";
import { type ApiServer, createApiServer, openCertificates } from "../../apiserver/index.ts";
import { createInformerFactory, createInProcessClient, type KubeClient } from "../../client/index.ts";
import { createKubelet, type Kubelet, type KubeletOptions } from "../index.ts";
import type { PodGuard } from "../pods/pod-guard.ts";
import type { UntilPodLeft } from "../pods/pod-terminator.ts";

const NODE = "node-1";
const GUARD_MS = 15_000;

/** A real API server over a memory store, a real engine, and a kubelet between them. For tests only. */
export interface TestCluster {
  readonly home: TestHome;
  readonly client: KubeClient;
  readonly kubelet: Kubelet;
  readonly cri: Cri;
  /** The node's address. */
  readonly nodeIp: string;
  readonly logLines: string[];
  /** Creates a pod that is bound to the node. */
  create(name: string, spec: Partial<Pod["spec"]>, metadata?: Partial<Pod["metadata"]>): Promise<Pod>;
  get(name: string): Promise<Pod | undefined>;
  /** The first version of the pod of which `holds` is true. */
  until(name: string, holds: (pod: Pod) => boolean): Promise<Pod>;
  untilGone(name: string): Promise<void>;
  events(name: string): Promise<string[]>;
  remove(name: string, graceSeconds?: number): Promise<void>;
  /** Ends kubelet, CRI and engine as a crash would, but for the process, and starts them anew. The API server goes on. */
  restartNode(whileDown?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

interface Running {
  stop(): Promise<void>;
}

export interface TestClusterOptions {
  /** Instead of a proxy's. */
  untilPodLeft?: UntilPodLeft;
  /** Instead of network policies. */
  guard?: PodGuard;
  /** What the node has left, instead of the machine's. */
  observeNode?: KubeletOptions["observeNode"];
  /** Directory of static pods' files. */
  podManifestPath?: string;
  /** Stands between the kubelet and the API. */
  wrapClient?: (client: KubeClient) => KubeClient;
}

export async function openTestCluster(
  instanceId: string,
  options: TestClusterOptions = {},
): Promise<TestCluster> {
  const home = await openTestHome({ instanceId });
  try {
    return await openAround(home, options);
  } catch (error) {
    await home.close();
    throw error;
  }
}

async function openAround(home: TestHome, options: TestClusterOptions): Promise<TestCluster> {
  const logLines: string[] = [];
  const logger = createLogger((line) => logLines.push(line), "debug");
  const store = await openMemoryStore({ logger });
  let node: Node | undefined;
  const { server, running } = await startApiServer(home, store, logger, () => node?.kubelet);
  const client = createInProcessClient(server.backend, { name: "admin", groups: ["system:masters"] });
  await prepareNamespace(client);
  node = await startNode(home, server, logger, options);
  const cluster = methodsOf(client);
  return {
    ...cluster,
    home,
    client,
    logLines,
    get kubelet() {
      return node!.kubelet;
    },
    get cri() {
      return node!.cri;
    },
    get nodeIp() {
      return node!.ip;
    },
    async restartNode(whileDown) {
      await node!.stop();
      await whileDown?.();
      await home.reopen();
      node = await startNode(home, server, logger, options);
    },
    async close() {
      for (const pod of (await client.list(pods)).items)
        await cluster.remove(pod.metadata.name, 0).catch(() => {});
      for (const sandbox of await node!.cri.runtime.listPodSandboxes()) {
        await node!.cri.runtime.removePodSandbox(sandbox.id);
      }
      await node!.stop();
      await running.stop();
      await store.close();
      await home.close();
    },
  };
}

async function startApiServer(
  home: TestHome,
  store: Store,
  logger: Logger,
  nodeAccess: () => Kubelet | undefined,
): Promise<{ server: ApiServer; running: Running }> {
  const certificates = await openCertificates({
    pkiDir: join(home.dir, "pki"),
    serviceAddress: "10.196.0.1",
  });
  const server = createApiServer({
    store,
    certificates,
    serviceCidr: "10.196.0.0/16",
    advertiseAddress: "192.0.2.10",
    host: "127.0.0.1",
    port: 0,
    nodeAccess,
    logger,
  });
  return { server, running: await started((context) => server.service.run(context)) };
}

/** What the controllers would make. */
async function prepareNamespace(client: KubeClient): Promise<void> {
  for (const name of ["default", "kube-node-lease"]) {
    await client.create(namespaces, { metadata: { name } }).catch(() => {});
  }
  await client
    .create(serviceAccounts, { metadata: { name: "default", namespace: "default" } })
    .catch(() => {});
  await client
    .create(configMaps, {
      metadata: { name: "kube-root-ca.crt", namespace: "default" },
      data: { "ca.crt": "CERT" },
    })
    .catch(() => {});
}

interface Node extends Running {
  ip: string;
  cri: Cri;
  kubelet: Kubelet;
}

async function startNode(
  home: TestHome,
  server: ApiServer,
  logger: Logger,
  { untilPodLeft, guard, observeNode, podManifestPath, wrapClient = (client) => client }: TestClusterOptions,
): Promise<Node> {
  const network = await home.network.openPodNetwork();
  const cri = createCri({
    engine: home.engine,
    images: home.images,
    network: home.network,
    stateDir: join(home.dir, "cri"),
    runDir: join(home.dir, "run"),
    instanceId: home.instanceId,
    logger,
  });
  await cri.open();
  await home.engine.reconcile(cri.liveSandboxIds());
  const user = { name: `system:node:${NODE}`, groups: ["system:nodes", "system:authenticated"] };
  const client = wrapClient(createInProcessClient(server.backend, user));
  const informers = createInformerFactory(client, { logger });
  const kubelet = createKubelet({
    nodeName: NODE,
    nodeIp: network.gateway,
    client,
    informers,
    cri,
    clusterDns: network.gateway,
    clusterDomain: "cluster.local",
    rootDir: join(home.dir, "kubelet"),
    podLogsDir: join(home.dir, "logs", "pods"),
    ...(untilPodLeft ? { untilPodLeft } : {}),
    ...(guard ? { guard } : {}),
    ...(observeNode ? { observeNode } : {}),
    ...(podManifestPath ? { podManifestPath } : {}),
    logger,
  });
  const running = await started(async (context) => {
    await Promise.all([informers.run(context.signal), kubelet.run(context)]);
  });
  return {
    ip: network.gateway,
    cri,
    kubelet,
    async stop() {
      await running.stop();
      await cri.close();
    },
  };
}

/** Runs a service until `stop`; resolves when it is ready. */
async function started(
  run: (context: { signal: AbortSignal; ready: () => void }) => Promise<void>,
): Promise<Running> {
  const controller = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  await new Promise<void>((ready, reject) => {
    ended = run({ signal: controller.signal, ready });
    ended.catch(reject);
  });
  return {
    async stop() {
      controller.abort();
      await ended;
    },
  };
}

function methodsOf(client: KubeClient) {
  const get = (name: string) => client.get(pods, "default", name).catch(() => undefined);
  const watchUntil = async (
    name: string,
    holds: (pod: Pod | undefined) => boolean,
  ): Promise<Pod | undefined> => {
    const stop = new AbortController();
    const cancel = systemClock.after(GUARD_MS, () => stop.abort());
    const options = { namespace: "default", fieldSelector: `metadata.name=${name}` };
    let last: Pod | undefined;
    try {
      const list = await client.list(pods, options);
      last = list.items[0];
      if (holds(last)) return last;
      const { resourceVersion } = list.metadata;
      for await (const event of client.watch(pods, {
        ...options,
        resourceVersion,
        signal: stop.signal,
      })) {
        if (event.type === "BOOKMARK") continue;
        last = event.type === "DELETED" ? undefined : event.object;
        if (holds(last)) return last;
      }
      throw new Error(`it never came true of pod ${name}: ${JSON.stringify(last?.status)}`);
    } finally {
      cancel();
      stop.abort();
    }
  };
  return {
    get,
    create: (name: string, spec: Partial<Pod["spec"]>, metadata: Partial<Pod["metadata"]> = {}) =>
      client.create(pods, {
        metadata: { name, namespace: "default", ...metadata },
        spec: { nodeName: NODE, ...spec },
      }),
    until: async (name: string, holds: (pod: Pod) => boolean) =>
      (await watchUntil(name, (pod) => pod !== undefined && holds(pod)))!,
    async untilGone(name: string) {
      await watchUntil(name, (pod) => pod === undefined);
    },
    async events(name: string) {
      const selector = `involvedObject.name=${name}`;
      const { items } = await client.list(events, { namespace: "default", fieldSelector: selector });
      return items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
    },
    async remove(name: string, graceSeconds?: number) {
      await client.delete(
        pods,
        "default",
        name,
        graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds },
      );
    },
  };
}
