import { errorMessage, isGantryError, randomSuffix } from "../../base/index.ts";
import type { Pod, PodTemplateSpec } from "../api/index.ts";
import { pods as podsResource } from "../api/index.ts";
import type { ApiObject } from "../api/types.ts";
import type { ControllerDependencies } from "./controller.ts";
import { Expectations } from "./expectations.ts";
import { keyOf, splitKey } from "./object-key.ts";
import { controllerReference } from "./owner.ts";
import { slowStart } from "./slow-start.ts";
import { isNamespaceTerminating, wasRefused } from "./write-errors.ts";

/** A generated name has at most 63 characters, so that it may be a host name (apimachinery names). */
const MAX_PREFIX = 63 - 5;
/** As often as the server would try names of its own choice. */
const NAME_ATTEMPTS = 8;

/** What a pod is to be: its template, and what its name begins with (`web-`). */
export interface PodPlan {
  template: PodTemplateSpec;
  generateName: string;
}

/** What was done of what was asked for, and the first failure, if any. */
export interface Creations {
  made: number;
  problem: unknown;
}

export interface Deletions {
  deleted: readonly Pod[];
  problem: unknown;
}

interface DoubtfulWrite {
  pod: { name: string; uid: string | undefined };
  settle(found: Pod | undefined): void;
}

/**
 * Makes and deletes the pods of workloads, and remembers what has not shown in the informer yet. The names are chosen
 * here and not by the server, so that a create whose answer is lost can be looked for instead of being done twice.
 */
export class PodWriter {
  readonly #dependencies: ControllerDependencies;
  readonly #creations: Expectations;
  readonly #deletions: Expectations;
  /** By owner: writes of which nobody knows whether they happened. */
  readonly #doubtful = new Map<string, DoubtfulWrite[]>();

  constructor(dependencies: ControllerDependencies) {
    this.#dependencies = dependencies;
    this.#creations = new Expectations(dependencies.clock);
    this.#deletions = new Expectations(dependencies.clock);
  }

  /** Whether the informer shows all that was done for this owner. */
  async isSettled(key: string): Promise<boolean> {
    await this.#clearDoubts(key);
    return this.#creations.satisfied(key) && this.#deletions.satisfied(key);
  }

  /** The informer shows the pod, or that it goes. */
  observe(key: string, pod: Pod, isGone: boolean): void {
    this.#creations.observe(key, pod.metadata.name);
    if (isGone) this.#deletions.observe(key, pod.metadata.uid);
  }

  forget(key: string): void {
    this.#creations.forget(key);
    this.#deletions.forget(key);
    this.#doubtful.delete(key);
  }

  /** Makes a pod of each plan, few at first. */
  async create(owner: ApiObject, plans: readonly PodPlan[]): Promise<Creations> {
    let made = 0;
    const problem = await slowStart(plans.length, async (index) => {
      await this.#createOne(owner, plans[index]!);
      made++;
    });
    return { made, problem };
  }

  /** Deletes the pods; what must be done to each before that is given as `prepare`. */
  async delete(
    owner: ApiObject,
    victims: readonly Pod[],
    prepare?: (pod: Pod) => Promise<void>,
  ): Promise<Deletions> {
    const deleted: Pod[] = [];
    const deleteOne = async (pod: Pod): Promise<void> => {
      await prepare?.(pod);
      await this.#deleteOne(owner, pod);
      deleted.push(pod);
    };
    const results = await Promise.allSettled(victims.map(deleteOne));
    return { deleted, problem: results.find((result) => result.status === "rejected")?.reason };
  }

  async #createOne(owner: ApiObject, plan: PodPlan): Promise<void> {
    const { recorder } = this.#dependencies;
    try {
      for (let attempt = 1; ; attempt++) {
        const pod = podOf(owner, plan);
        if (!(await this.#createNamed(keyOf(owner), pod, attempt === NAME_ATTEMPTS))) continue;
        recorder.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`);
        return;
      }
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      recorder.event(owner, "Warning", "FailedCreate", `Error creating: ${errorMessage(error)}`);
      throw error;
    }
  }

  /** False when somebody else has the name and another one may be tried. */
  async #createNamed(key: string, pod: NewPod, isLast: boolean): Promise<boolean> {
    const { name } = pod.metadata;
    this.#creations.expect(key, name);
    try {
      await this.#dependencies.client.create(podsResource, pod);
      return true;
    } catch (error) {
      if (wasRefused(error)) this.#creations.observe(key, name);
      else {
        const settle = (found: Pod | undefined) => !found && this.#creations.observe(key, name);
        this.#doubt(key, { pod: { name, uid: undefined }, settle });
      }
      if (isLast || !isGantryError(error, "AlreadyExists")) throw error;
      return false;
    }
  }

  async #deleteOne(owner: ApiObject, pod: Pod): Promise<void> {
    const { client, recorder } = this.#dependencies;
    const key = keyOf(owner);
    const { namespace, name, uid } = pod.metadata;
    this.#deletions.expect(key, uid);
    try {
      await client.delete(podsResource, namespace, name, { preconditions: { uid } });
      recorder.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
    } catch (error) {
      if (wasRefused(error)) this.#deletions.observe(key, uid);
      else {
        const settle = (found: Pod | undefined) =>
          found?.metadata.deletionTimestamp === undefined && this.#deletions.observe(key, uid);
        this.#doubt(key, { pod: { name, uid }, settle });
      }
      if (isGantryError(error, "NotFound")) return;
      recorder.event(owner, "Warning", "FailedDelete", `Error deleting: ${errorMessage(error)}`);
      throw error;
    }
  }

  #doubt(key: string, write: DoubtfulWrite): void {
    this.#doubtful.set(key, [...(this.#doubtful.get(key) ?? []), write]);
  }

  /** Looks live for what the doubtful writes were to change. */
  async #clearDoubts(key: string): Promise<void> {
    const { namespace } = splitKey(key);
    for (const write of this.#doubtful.get(key) ?? []) {
      const { name, uid } = write.pod;
      const { items } = await this.#dependencies.client.list(podsResource, {
        namespace,
        fieldSelector: `metadata.name=${name}`,
      });
      write.settle(items.find((one) => uid === undefined || one.metadata.uid === uid));
      const left = this.#doubtful.get(key)!.filter((one) => one !== write);
      if (left.length > 0) this.#doubtful.set(key, left);
      else this.#doubtful.delete(key);
    }
  }
}

type NewPod = ReturnType<typeof podOf>;

/** Of a template's metadata only labels, annotations and finalizers are the pod's. */
function podOf(owner: ApiObject, { template, generateName }: PodPlan) {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: generateName.slice(0, MAX_PREFIX) + randomSuffix(),
      generateName,
      namespace: owner.metadata.namespace!,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec,
  };
}
