import { GantryError, invalidArgument } from "../../base/index.ts";
import {
  buildImages,
  type ClusterObject,
  type ClusterProject,
  type ClusterService,
  type ComposeContext,
  imageOf,
  inspectImage,
  namespaceOf,
  type Project,
  pullImage,
} from "../../compose/index.ts";
import type { ApiObject } from "../../kube/api/types.ts";
import type { KubeClient, ResourceRef } from "../../kube/client/index.ts";
import { CLUSTER_KINDS, clusterClient } from "./cluster-client.ts";
import type { ComposeCall } from "./compose-call.ts";
import { convertFor } from "./convert.ts";
import { createOptions } from "./create-flags.ts";
import { usage } from "./flags.ts";

const FIELD_MANAGER = "gantry-compose";
const PROJECT_SELECTOR = "com.docker.compose.project";
const POLL_MS = 150;
/** A pod that is not ready for so long will not be. */
const READY_TIMEOUT_MS = 300_000;
/** What goes away when it is not in the files any more, in this order. */
const PRUNED = ["Deployment", "Job", "Service", "ConfigMap", "Secret"] as const;

interface Workload extends ApiObject {
  spec: { replicas?: number };
  status?: {
    observedGeneration?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
    succeeded?: number;
    failed?: number;
    conditions?: { type: string; status: string; message?: string }[];
  };
}

/** Runs a project on the cluster: its objects are applied in the order of its services. */
export async function upOnCluster(call: ComposeCall, project: Project): Promise<number> {
  for (const service of Object.values(project.services)) {
    if (service.provider)
      throw usage(`service ${JSON.stringify(service.name)}: \`provider\` is not implemented`);
    if (service.models)
      throw usage(`service ${JSON.stringify(service.name)}: \`models\` are not implemented`);
  }
  const converted = convertFor(call, project);
  for (const sentence of converted.told) call.warn(sentence);
  const client = clusterClient(call.globals.text("home"));
  try {
    await call.withEngine("Running", async (context) => {
      await ensureImages(context, call, project);
      await new ClusterRun(client, context, project, converted).up(call.flags.flag("wait"));
    });
  } finally {
    client.close();
  }
  return 0;
}

/** Images are the engine's own: pods find there what is built or pulled here. */
async function ensureImages(context: ComposeContext, call: ComposeCall, project: Project): Promise<void> {
  const { build } = createOptions(call, project, []);
  const present = new Set<string>();
  for (const service of Object.values(project.services)) {
    const image = imageOf(service, project, context.separator);
    if (await inspectImage(context, image)) present.add(image);
    else if (!service.build && service.pull_policy !== "never") {
      await pullImage(context, { name: service.name, image, canBuild: false, quiet: false });
    }
  }
  if (build) await buildImages(context, project, build, (image) => present.has(image));
}

class ClusterRun {
  readonly #client: KubeClient;
  readonly #context: ComposeContext;
  readonly #project: Project;
  readonly #converted: ClusterProject;

  constructor(client: KubeClient, context: ComposeContext, project: Project, converted: ClusterProject) {
    this.#client = client;
    this.#context = context;
    this.#project = project;
    this.#converted = converted;
  }

  async up(wait: boolean): Promise<void> {
    const { shared, services } = this.#converted;
    for (const object of shared) await this.#apply(object);
    await this.#prune();
    const done = new Map<string, Promise<void>>();
    for (const service of services) {
      const before = Object.entries(service.after).map(async ([name, condition]) => {
        await done.get(name);
        const other = services.find((one) => one.name === name);
        if (other && condition !== "started") await this.#waitFor(other);
      });
      done.set(
        service.name,
        Promise.all(before).then(() => this.#start(service)),
      );
    }
    const results = await Promise.allSettled(done.values());
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw (failed as PromiseRejectedResult).reason;
    if (wait) await Promise.all(services.map((service) => this.#waitFor(service)));
  }

  async #start(service: ClusterService): Promise<void> {
    for (const object of service.objects) await this.#apply(object);
  }

  async #apply(object: ClusterObject): Promise<void> {
    const { report } = this.#context;
    const event = eventOf(object);
    report.working(event, "Applying");
    const { kind, metadata } = object;
    try {
      await this.#patch(object);
    } catch (error) {
      // A Job's template stays as it was made: another one takes its place.
      if (kind !== "Job") throw this.#named(error, event);
      await this.#client.delete(CLUSTER_KINDS.Job!, metadata.namespace, metadata.name, {
        propagationPolicy: "Foreground",
      });
      await this.#gone("Job", metadata.name);
      await this.#patch(object);
    }
    report.done(event, "Applied");
  }

  #patch(object: ClusterObject): Promise<unknown> {
    const { kind, metadata } = object;
    const options = { fieldManager: FIELD_MANAGER, force: true };
    return this.#client.patch(
      CLUSTER_KINDS[kind]!,
      metadata.namespace,
      metadata.name,
      "apply",
      withoutUndefined(object),
      options,
    );
  }

  #named(error: unknown, event: string): unknown {
    this.#context.report.error(event, "Error");
    if (!(error instanceof Error)) return error;
    return new GantryError("InvalidArgument", `${event}: ${error.message}`, {
      code: "Compose.Cluster",
      cause: error,
    });
  }

  async #gone(kind: string, name: string): Promise<void> {
    for (;;) {
      const list = await this.#client.list(CLUSTER_KINDS[kind]!, { namespace: this.#converted.namespace });
      if (!list.items.some((item) => item.metadata.name === name)) return;
      await this.#context.clock.sleep(POLL_MS);
    }
  }

  /** What the files do not say any more goes; claims stay, as volumes do. */
  async #prune(): Promise<void> {
    const { namespace, shared, services } = this.#converted;
    const wanted = new Set([...shared, ...services.flatMap(({ objects }) => objects)].map(eventOf));
    for (const kind of PRUNED) {
      const labelSelector = `${PROJECT_SELECTOR}=${this.#project.name}`;
      const { items } = await this.#client.list(CLUSTER_KINDS[kind]!, { namespace, labelSelector });
      for (const { metadata } of items) {
        const event = `${kind} ${metadata.name}`;
        if (wanted.has(event)) continue;
        await this.#client.delete(CLUSTER_KINDS[kind]!, namespace, metadata.name, {
          propagationPolicy: "Background",
        });
        this.#context.report.done(event, "Removed");
      }
    }
  }

  async #waitFor({ name, workload }: ClusterService): Promise<void> {
    const { clock, report } = this.#context;
    const event = `${workload.kind} ${workload.name}`;
    report.working(event, "Waiting");
    const until = clock.monotonicMs() + READY_TIMEOUT_MS;
    for (;;) {
      const found = await this.#client.get(
        CLUSTER_KINDS[workload.kind]! as ResourceRef<Workload>,
        this.#converted.namespace,
        workload.name,
      );
      const failure = failureOf(found);
      if (failure !== undefined) {
        report.error(event, failure);
        throw invalidArgument(`service ${JSON.stringify(name)} ${failure}`);
      }
      if (isReady(found)) {
        report.done(event, workload.kind === "Job" ? "Completed" : "Ready");
        return;
      }
      if (clock.monotonicMs() > until)
        throw new GantryError("DeadlineExceeded", `${event} is not ready after ${READY_TIMEOUT_MS / 1000} s`);
      await clock.sleep(POLL_MS);
    }
  }
}

const eventOf = ({ kind, metadata }: { kind: string; metadata: { name: string } }) =>
  `${kind} ${metadata.name}`;

function isReady({ kind, metadata, spec, status = {} }: Workload): boolean {
  if (kind === "Job") return (status.succeeded ?? 0) > 0;
  const replicas = spec.replicas ?? 1;
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status.updatedReplicas ?? 0) >= replicas &&
    (status.readyReplicas ?? 0) >= replicas
  );
}

function failureOf({ kind, status = {} }: Workload): string | undefined {
  if (kind === "Job" && (status.failed ?? 0) > 0) return "didn't complete successfully";
  const stuck = status.conditions?.find(({ type, status: is }) => type === "Progressing" && is === "False");
  return stuck && `did not start: ${stuck.message ?? ""}`;
}

const withoutUndefined = (object: ClusterObject): unknown => JSON.parse(JSON.stringify(object));

/** Takes a project off the cluster: its namespace goes, and with it all that is in it. Its claims only where `volumes` says so. */
export async function downOnCluster(call: ComposeCall, name: string, volumes: boolean): Promise<number> {
  const client = clusterClient(call.globals.text("home"));
  const namespace = namespaceOf({ name });
  try {
    await call.withEngine("Running", async (context) => {
      const found = await client.list(CLUSTER_KINDS.Namespace!, {
        labelSelector: `${PROJECT_SELECTOR}=${name}`,
      });
      if (!found.items.some((item) => item.metadata.name === namespace)) {
        call.warn(`Warning: No resource found to remove for project ${JSON.stringify(name)}.`);
        return;
      }
      const claims = await client.list(CLUSTER_KINDS.PersistentVolumeClaim!, { namespace });
      await removeWorkloads(client, context, namespace, name);
      // A namespace takes its claims along, and with them what is in them.
      if (!volumes && claims.items.length > 0) return;
      context.report.working(`Namespace ${namespace}`, "Removing");
      await client.delete(CLUSTER_KINDS.Namespace!, undefined, namespace);
      await goneNamespace(client, context, namespace);
      context.report.done(`Namespace ${namespace}`, "Removed");
    });
  } finally {
    client.close();
  }
  return 0;
}

async function removeWorkloads(
  client: KubeClient,
  { report, clock }: ComposeContext,
  namespace: string,
  project: string,
): Promise<void> {
  const labelSelector = `${PROJECT_SELECTOR}=${project}`;
  for (const kind of PRUNED) {
    const { items } = await client.list(CLUSTER_KINDS[kind]!, { namespace, labelSelector });
    for (const { metadata } of items) {
      report.working(`${kind} ${metadata.name}`, "Removing");
      await client.delete(CLUSTER_KINDS[kind]!, namespace, metadata.name, {
        propagationPolicy: "Background",
      });
      report.done(`${kind} ${metadata.name}`, "Removed");
    }
  }
  for (;;) {
    const { items } = await client.list(CLUSTER_KINDS.Pod!, { namespace, labelSelector });
    if (items.length === 0) return;
    await clock.sleep(POLL_MS);
  }
}

async function goneNamespace(
  client: KubeClient,
  { clock }: ComposeContext,
  namespace: string,
): Promise<void> {
  for (;;) {
    const { items } = await client.list(CLUSTER_KINDS.Namespace!);
    if (!items.some((item) => item.metadata.name === namespace)) return;
    await clock.sleep(POLL_MS);
  }
}
