import { errorMessage, isGantryError } from "../../../base/index.ts";
import type { Pod, StatefulSet } from "../../api/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf } from "../owner.ts";
import { unlessGone } from "../write-errors.ts";
import type { ClaimWriter } from "./claim-writer.ts";
import { asItself, isItself, type NewPod } from "./stateful-pod.ts";

type Verb = "create" | "update" | "delete";
const VERB_NAMES: Record<Verb, string> = { create: "Create", update: "Update", delete: "Delete" };

/** Makes, changes and deletes the pods of StatefulSets, and remembers what has not shown in the informer yet. */
export class StatefulPodWriter {
  readonly #dependencies: ControllerDependencies;
  readonly #claims: ClaimWriter;
  readonly #creations: Expectations;
  readonly #deletions: Expectations;

  constructor(dependencies: ControllerDependencies, claims: ClaimWriter) {
    this.#dependencies = dependencies;
    this.#claims = claims;
    this.#creations = new Expectations(dependencies.clock);
    this.#deletions = new Expectations(dependencies.clock);
  }

  /** Whether the informer shows all that was done for this set. */
  isSettled(key: string): boolean {
    return this.#creations.satisfied(key) && this.#deletions.satisfied(key);
  }

  /** The informer shows the pod, or that it goes. */
  observe(key: string, { metadata }: Pod, isGone: boolean): void {
    this.#creations.observe(key, metadata.name);
    if (isGone) this.#deletions.observe(key, metadata.uid);
  }

  forget(key: string): void {
    this.#creations.forget(key);
    this.#deletions.forget(key);
  }

  /** Makes the pod, and its claims before it; nothing as long as the claims of its predecessor have not gone. */
  async create(set: StatefulSet, pod: NewPod): Promise<void> {
    if (this.#claims.areStale(set, pod)) return;
    await this.#tell(set, "create", pod.metadata.name, async () => {
      await this.#claims.ensure(set, pod);
      const isMade = await this.#createOnce(set, pod);
      await this.#claims.settleOwners(set, pod);
      return isMade;
    });
  }

  /** Gives a pod back what makes it the set's own: its labels, its claims, and these their owners. */
  async repair(set: StatefulSet, pod: Pod): Promise<void> {
    await this.#claims.settleOwners(set, pod);
    if (isItself(set, pod)) return;
    await this.#tell(set, "update", pod.metadata.name, async () => {
      await this.#claims.ensure(set, pod);
      await this.#dependencies.client.update(podsResource, asItself(set, pod));
      return true;
    });
  }

  async delete(set: StatefulSet, { metadata }: Pod): Promise<void> {
    const { namespace, name, uid } = metadata;
    const key = keyOf(set);
    await this.#tell(set, "delete", name, async () => {
      this.#deletions.expect(key, uid);
      const deletion = this.#dependencies.client.delete(podsResource, namespace, name, {
        preconditions: { uid },
      });
      try {
        if (await unlessGone(deletion)) return true;
      } catch (error) {
        this.#deletions.observe(key, uid);
        throw error;
      }
      this.#deletions.observe(key, uid);
      return false;
    });
  }

  /** False when it is there already, by a create whose answer was lost. */
  async #createOnce(set: StatefulSet, pod: NewPod): Promise<boolean> {
    const { client } = this.#dependencies;
    const { namespace, name } = pod.metadata;
    this.#creations.expect(keyOf(set), name);
    try {
      await client.create(podsResource, pod);
      return true;
    } catch (error) {
      this.#creations.observe(keyOf(set), name);
      if (!isGantryError(error, "AlreadyExists")) throw error;
      const existing = await client.get(podsResource, namespace, name);
      if (controllerOf(existing)?.uid !== set.metadata.uid) throw error;
      return false;
    }
  }

  /** Tells how the call went; nothing when it had nothing to do, or when another's pod has the name. */
  async #tell(set: StatefulSet, verb: Verb, podName: string, call: () => Promise<boolean>): Promise<void> {
    const { recorder } = this.#dependencies;
    const text = `${verb} Pod ${podName} in StatefulSet ${set.metadata.name}`;
    try {
      if (await call()) recorder.event(set, "Normal", `Successful${VERB_NAMES[verb]}`, `${text} successful`);
    } catch (error) {
      if (!isGantryError(error, "AlreadyExists"))
        recorder.event(
          set,
          "Warning",
          `Failed${VERB_NAMES[verb]}`,
          `${text} failed error: ${errorMessage(error)}`,
        );
      throw error;
    }
  }
}
