import { errorMessage, isGantryError, randomSuffix } from "../../../base/index.ts";
import type { Pod, ReplicaSet } from "../../api/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { keyOf, splitKey } from "../object-key.ts";
import { controllerReference } from "../owner.ts";
import { slowStart } from "../slow-start.ts";
import { isNamespaceTerminating, wasRefused } from "../write-errors.ts";

/** A generated name has at most 63 characters, so that it may be a host name (apimachinery names). */
const MAX_PREFIX = 63 - 5;
/** As often as the server would try names of its own choice. */
const NAME_ATTEMPTS = 8;

interface DoubtfulWrite {
  pod: { name: string; uid: string | undefined };
  settle(found: Pod | undefined): void;
}

/**
 * Makes and deletes the pods of ReplicaSets, and remembers what has not shown in the informer yet. The names are chosen
 * here and not by the server, so that a create whose answer is lost can be looked for instead of being done twice.
 */
export class ReplicaWriter {
  readonly #dependencies: ControllerDependencies;
  readonly #creations: Expectations;
  readonly #deletions: Expectations;
  /** By ReplicaSet: writes of which nobody knows whether they happened. */
  readonly #doubtful = new Map<string, DoubtfulWrite[]>();

  constructor(dependencies: ControllerDependencies) {
    this.#dependencies = dependencies;
    this.#creations = new Expectations(dependencies.clock);
    this.#deletions = new Expectations(dependencies.clock);
  }

  /** Whether the informer shows all that was done for this ReplicaSet. */
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

  /** Makes `count` pods; returns the first failure. */
  create(replicaSet: ReplicaSet, count: number): Promise<unknown> {
    return slowStart(count, () => this.#createOne(replicaSet));
  }

  /** Deletes the pods; returns the first failure. */
  async delete(replicaSet: ReplicaSet, victims: readonly Pod[]): Promise<unknown> {
    const results = await Promise.allSettled(victims.map((pod) => this.#deleteOne(replicaSet, pod)));
    return results.find((result) => result.status === "rejected")?.reason;
  }

  async #createOne(replicaSet: ReplicaSet): Promise<void> {
    const { recorder } = this.#dependencies;
    try {
      for (let attempt = 1; ; attempt++) {
        const pod = podFromTemplate(replicaSet);
        if (!(await this.#createNamed(keyOf(replicaSet), pod, attempt === NAME_ATTEMPTS))) continue;
        recorder.event(replicaSet, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`);
        return;
      }
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      recorder.event(replicaSet, "Warning", "FailedCreate", `Error creating: ${errorMessage(error)}`);
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

  async #deleteOne(replicaSet: ReplicaSet, pod: Pod): Promise<void> {
    const { client, recorder } = this.#dependencies;
    const key = keyOf(replicaSet);
    const { namespace, name, uid } = pod.metadata;
    this.#deletions.expect(key, uid);
    try {
      await client.delete(podsResource, namespace, name, { preconditions: { uid } });
      recorder.event(replicaSet, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
    } catch (error) {
      if (wasRefused(error)) this.#deletions.observe(key, uid);
      else {
        const settle = (found: Pod | undefined) =>
          found?.metadata.deletionTimestamp === undefined && this.#deletions.observe(key, uid);
        this.#doubt(key, { pod: { name, uid }, settle });
      }
      if (isGantryError(error, "NotFound")) return;
      recorder.event(replicaSet, "Warning", "FailedDelete", `Error deleting: ${errorMessage(error)}`);
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

type NewPod = ReturnType<typeof podFromTemplate>;

/** A pod of the ReplicaSet's template; of its metadata only labels, annotations and finalizers are the pod's. */
function podFromTemplate(replicaSet: ReplicaSet) {
  const { metadata = {}, spec } = replicaSet.spec.template!;
  const { labels, annotations, finalizers } = metadata;
  const generateName = `${replicaSet.metadata.name}-`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: generateName.slice(0, MAX_PREFIX) + randomSuffix(),
      generateName,
      namespace: replicaSet.metadata.namespace!,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(replicaSet)],
    },
    spec,
  };
}
