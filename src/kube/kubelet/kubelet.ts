import { statfsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage, systemClock } from "../../base/index.ts";
import { hostInfo } from "../../kernel/index.ts";
import type { Service as KubeService, Pod } from "../api/index.ts";
import { nodes, persistentVolumeClaims, persistentVolumes, pods, services } from "../api/index.ts";
import { createEventRecorder } from "../client/index.ts";
import type { NodeAccess } from "../client/node-access.ts";
import { ContainerKiller } from "./containers/container-killer.ts";
import { ContainerStarter } from "./containers/container-starter.ts";
import { OrphanCleaner } from "./containers/orphan-cleaner.ts";
import type { FieldContext } from "./env/field-value.ts";
import { servicesFor } from "./env/services-for.ts";
import { EvictionManager } from "./eviction/eviction-manager.ts";
import { readNodeSignals } from "./eviction/node-signals.ts";
import { emptyDirUsage, podUsage } from "./eviction/pod-usage.ts";
import { ImageCollector } from "./images/image-collector.ts";
import { ImagePuller } from "./images/image-puller.ts";
import type { Kubelet, KubeletOptions } from "./kubelet-options.ts";
import { MAX_PODS } from "./node/node-facts.ts";
import { NodeLease } from "./node/node-lease.ts";
import { NodeRegistration } from "./node/node-registration.ts";
import { createNodeAccess } from "./node-access.ts";
import { ReferencedObjects } from "./objects/referenced-objects.ts";
import { admitPod } from "./pods/admission.ts";
import { BackOff } from "./pods/back-off.ts";
import { PodEvents } from "./pods/pod-events.ts";
import { noGuard } from "./pods/pod-guard.ts";
import { PodSyncer } from "./pods/pod-syncer.ts";
import { PodTerminator } from "./pods/pod-terminator.ts";
import { PodWorkers } from "./pods/pod-workers.ts";
import { ProbeManager } from "./probes/probe-manager.ts";
import { PodResizer } from "./resize/pod-resizer.ts";
import type { KubeletDocumentsOptions } from "./server/kubelet-documents.ts";
import { KubeletPort } from "./server/kubelet-port.ts";
import { StaticPods } from "./static-pods/static-pods.ts";
import { UsageSampler } from "./stats/usage-sampler.ts";
import { StatusManager } from "./status/status-manager.ts";
import { StatusPublisher } from "./status/status-publisher.ts";
import { TokenManager } from "./volumes/token-manager.ts";
import { VolumeManager } from "./volumes/volume-manager.ts";

/** Pods that nothing has happened to are looked at all the same, should an event have been lost. */
const RELIST_EVERY_MS = 60_000;
const COLLECT_EVERY_MS = 60_000;
const STOP_TIMEOUT_MS = 3000;

export function createKubelet(options: KubeletOptions): Kubelet {
  const parts = assemble(options);
  const access = createNodeAccess({
    ...parts,
    runtime: options.cri.runtime,
    uidOf: (namespace, name) => parts.staticPods.uidOf(namespace, name),
  });
  return {
    name: "kubelet",
    needs: options.needs ?? [],
    run: ({ signal, ready }) => run(options, parts, access, signal, ready),
    ...access,
  };
}

type Parts = ReturnType<typeof assemble>;

/** Makes all parts; nothing runs yet. */
function assemble(options: KubeletOptions) {
  const { client, informers, cri, nodeName, nodeIp, rootDir, podLogsDir, clusterDomain } = options;
  const { runtime, images } = cri;
  const clock = options.clock ?? systemClock;
  const logger = options.logger.with({ component: "kubelet" });
  const podsDir = join(rootDir, "pods");
  const guard = options.guard ?? noGuard;
  const { memoryBytes: nodeMemoryBytes, cpus } = hostInfo();
  const allocatable = { cpuMilli: cpus * 1000, memoryBytes: nodeMemoryBytes, pods: MAX_PODS };

  const podInformer = informers.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
  const serviceInformer = informers.informer<KubeService>(services);
  const nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` });

  const recorder = createEventRecorder({ client, component: "kubelet", host: nodeName, logger, clock });
  const events = new PodEvents(recorder);
  const objects = new ReferencedObjects({ client, logger, clock });
  const tokens = new TokenManager(client, clock);
  const volumes = new VolumeManager({
    podsDir,
    nodeMemoryBytes,
    claims: {
      claim: (namespace, name) => client.get(persistentVolumeClaims, namespace, name),
      volume: (name) => client.get(persistentVolumes, undefined, name),
    },
    node: () => nodeInformer.get(nodeName),
  });
  const statuses = new StatusManager({ client, podOf: (key) => podInformer.get(key), logger, clock });
  const probes = new ProbeManager({
    runtime,
    events,
    hostIp: nodeIp,
    onChange: (podUid) => workers.wake(podUid),
    logger,
    clock,
  });
  const publisher = new StatusPublisher({ statuses, probes, hostIp: nodeIp, clock });
  const killer = new ContainerKiller({ runtime, events, logger, clock });
  const puller = new ImagePuller({ images, events, clock });
  const restartBackOff = new BackOff(clock);
  const starter = new ContainerStarter({
    runtime,
    puller,
    restartBackOff,
    events,
    nodeMemoryBytes,
    logger,
    clock,
  });
  const fields = (podIp: string): FieldContext => ({
    nodeName,
    hostIp: nodeIp,
    podIp,
    allocatable: { ...allocatable, ephemeralStorageBytes: fileSystemBytes(rootDir) },
  });
  const resizer = new PodResizer({
    runtime,
    allocatable,
    admit: (pod) => workers.admitResized(pod),
    resetBackOff: (pod, container) => restartBackOff.forget(starter.backOffKey(pod, container)),
    nodeMemoryBytes,
    logger,
  });
  const syncer = new PodSyncer({
    runtime,
    starter,
    killer,
    resizer,
    probes,
    publisher,
    volumes,
    tokens,
    events,
    dns: {
      clusterDns: options.clusterDns,
      clusterDomain,
      resolvConfPath: options.resolvConfPath ?? "/etc/resolv.conf",
    },
    podLogsDir,
    guard,
    services: (pod) => servicesFor(serviceInformer, pod),
    fields,
    logger,
    clock,
  });
  const terminator = new PodTerminator({
    client,
    runtime,
    killer,
    probes,
    publisher,
    statuses,
    volumes,
    podLogsDir,
    guard,
    untilPodLeft: options.untilPodLeft ?? (async () => {}),
    logger,
    clock,
  });
  const workers = new PodWorkers({
    syncer,
    terminator,
    objects,
    events,
    admit: (pod, others) =>
      eviction.admit(pod) ?? admitPod(pod, others, nodeInformer.get(nodeName), allocatable),
    podDir: (podUid) => volumes.podDir(podUid),
    forget: (podUid) => {
      guard.release(podUid);
      tokens.release(podUid);
      syncer.forgetPod(podUid);
      probes.counts.forgetPod(podUid);
      puller.forgetPod(podUid);
      restartBackOff.forget(podUid);
      staticPods.finished(podUid);
    },
    logger,
    clock,
  });
  const staticPods = new StaticPods({
    dir: options.podManifestPath,
    nodeName,
    nodeUid: () => nodeInformer.get(nodeName)?.metadata.uid,
    client,
    apiPod: (key) => podInformer.get(key),
    run: (pod) => workers.update(pod),
    end: (pod) => workers.removed(pod),
    onMirror: (pod) => statuses.observe(pod),
    logger,
    clock,
  });
  const orphans = new OrphanCleaner({
    runtime,
    volumes,
    podsDir,
    podLogsDir,
    isKnown: (uid) => workers.byUid(uid) !== undefined,
    logger,
  });
  const imageCollector = new ImageCollector({ images, runtime, rootDir, logger, clock });
  const diskUsageOf = (pod: Pod) => podUsage(pod, { runtime, podsDir, podLogsDir });
  const eviction = new EvictionManager({
    observe: options.observeNode ?? (() => readNodeSignals(rootDir)),
    activePods: () => workers.running(),
    usageOf: diskUsageOf,
    emptyDirBytes: async (pod, name) => (await emptyDirUsage(pod, name, podsDir)).bytes,
    reclaim: async (resource) => {
      if (resource === "memory") return;
      await orphans.clean();
      await orphans.removeEnded(workers.ended());
      await imageCollector.collectAll();
    },
    evict: ({ metadata }, failure, graceSeconds) => workers.byUid(metadata.uid)?.fail(failure, graceSeconds),
    ...(options.eviction ? { settings: options.eviction } : {}),
    hasEnded: ({ metadata }) =>
      ["terminated", "finished", undefined].includes(workers.byUid(metadata.uid)?.phase),
    events,
    logger,
    clock,
  });
  const port = new KubeletPort();
  const registration = new NodeRegistration({
    client,
    recorder,
    identity: {
      nodeName,
      nodeIp,
      labels: options.nodeLabels ?? {},
      machine: options.machine,
      kubeletPort: () => port.number,
    },
    nodeOf: () => nodeInformer.get(nodeName),
    runtime,
    images,
    rootDir,
    hasPressure: (condition) => eviction.hasPressure(condition),
    logger,
    clock,
  });
  const lease = new NodeLease({
    client,
    nodeName,
    durationSeconds: options.leaseSeconds,
    nodeUid: async () => (await client.get(nodes, undefined, nodeName)).metadata.uid,
    logger,
    clock,
  });
  const sampler = new UsageSampler({ runtime, logger, clock });
  const documents: KubeletDocumentsOptions = {
    nodeName,
    nodeStartMs: hostInfo().bootedAtMs,
    rootDir,
    runtime,
    sampler,
    pods: () => podInformer.list(),
    podOf: (uid) => workers.byUid(uid)?.pod,
    diskUsageOf,
    evictions: () => eviction.evictions,
    probeMetrics: () => probes.counts.metrics(),
  };
  return {
    clock,
    logger,
    podsDir,
    port,
    sampler,
    documents,
    podInformer,
    serviceInformer,
    nodeInformer,
    recorder,
    objects,
    statuses,
    probes,
    workers,
    staticPods,
    orphans,
    imageCollector,
    eviction,
    registration,
    lease,
  };
}

async function run(
  options: KubeletOptions,
  parts: Parts,
  access: NodeAccess,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const {
    podInformer,
    serviceInformer,
    nodeInformer,
    workers,
    staticPods,
    statuses,
    registration,
    lease,
    clock,
  } = parts;
  await mkdir(parts.podsDir, { recursive: true, mode: 0o711 });
  await mkdir(options.podLogsDir, { recursive: true, mode: 0o755 });
  const background: Promise<void>[] = [];
  const subscriptions: (() => void)[] = [];
  try {
    await parts.eviction.look();
    const podOf = (namespace: string, name: string) => podInformer.get(`${namespace}/${name}`);
    await parts.port.open(options.serving, { ...options, ...parts, node: access, podOf });
    // Pods that are here are looked after even while nobody can be told that the node is.
    const registered = registration.register(signal);
    registered.catch(() => {});
    await Promise.all(
      [podInformer, serviceInformer, nodeInformer].map((informer) => informer.synced(signal)),
    );
    await staticPods.look();
    subscriptions.push(
      options.cri.runtime.onEvent((event) => {
        if (event.type === "STOPPED") workers.wake(event.podUid);
      }),
      podInformer.subscribe({
        onAdd: (pod) => staticPods.observe(pod) || workers.update(pod),
        onUpdate: (pod) => {
          if (staticPods.observe(pod)) return;
          workers.update(pod);
          statuses.observe(pod);
        },
        onDelete: (pod) => staticPods.observe(pod) || workers.deleted(pod),
      }),
      clock.every(RELIST_EVERY_MS, () => workers.wakeAll(), { unref: true }),
    );
    background.push(
      collectGarbage(parts, signal),
      parts.eviction.run(signal),
      parts.sampler.run(signal),
      staticPods.run(signal),
    );
    await registered;
    const registering = registration.run(signal);
    background.push(
      registering.catch(() => {}),
      lease.run(signal),
    );
    ready();
    await Promise.race([aborted(signal), registering.then(() => aborted(signal))]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const unsubscribe of subscriptions) unsubscribe();
    await parts.port.close();
    await shutDown(parts, background);
  }
}

/** Orphans at once and then every minute; images when the disk runs full. */
async function collectGarbage(
  { orphans, imageCollector, clock, logger }: Parts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await orphans.clean();
      await imageCollector.collect();
    } catch (error) {
      logger.warn("collecting garbage failed, will retry", { error: errorMessage(error) });
    }
    await clock.sleep(COLLECT_EVERY_MS, signal).catch(() => {});
  }
}

/** Containers go on; what waits for one to end is left behind. */
async function shutDown(parts: Parts, background: Promise<void>[]): Promise<void> {
  const { workers, probes, objects, statuses, recorder, clock } = parts;
  probes.close();
  const stopped = Promise.all([workers.stop(), ...background]);
  const late = new AbortController();
  await Promise.race([stopped, clock.sleep(STOP_TIMEOUT_MS, late.signal).catch(() => {})]);
  late.abort();
  statuses.stop();
  objects.close();
  await recorder.stop();
}

function fileSystemBytes(dir: string): number {
  const { blocks, bsize } = statfsSync(dir);
  return blocks * bsize;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
