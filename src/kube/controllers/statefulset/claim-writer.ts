import { errorMessage, isGantryError } from "../../../base/index.ts";
import type { PersistentVolumeClaim, StatefulSet } from "../../api/index.ts";
import { persistentVolumeClaims } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { newest, writeOnNewest } from "../newest.ts";
import { keyOf } from "../object-key.ts";
import {
  type ClaimingPod,
  claimsGoWithPods,
  hasOtherController,
  isStale,
  ownersFit,
  ownersOf,
} from "./claim-owners.ts";
import { claimsOf } from "./claims.ts";
import { ordinalOf } from "./ordinals.ts";

/** Makes the claims of a set's pods, and says with whom they go. */
export class ClaimWriter {
  readonly #dependencies: ControllerDependencies;
  readonly #claims: Informer<PersistentVolumeClaim>;

  constructor(dependencies: ControllerDependencies, claims: Informer<PersistentVolumeClaim>) {
    this.#dependencies = dependencies;
    this.#claims = claims;
  }

  /** Makes those of the pod's claims that are not there; throws when one cannot be made, or is on its way out. */
  async ensure(set: StatefulSet, pod: ClaimingPod): Promise<void> {
    const problems: string[] = [];
    for (const claim of claimsOf(set, ordinalOf(pod)).values()) {
      const problem = await this.#ensureOne(set, pod, claim);
      if (problem !== undefined) problems.push(problem);
    }
    if (problems.length > 0) throw new Error(joined(problems));
  }

  /** Whether the claims are still those of an earlier pod of the name, with which they go. */
  areStale(set: StatefulSet, pod: ClaimingPod): boolean {
    return claimsGoWithPods(set) && this.#known(set, pod).some((claim) => isStale(claim, pod));
  }

  /** Brings the owners of the pod's claims to what the set's policy says. */
  async settleOwners(set: StatefulSet, pod: ClaimingPod): Promise<void> {
    for (const claim of this.#known(set, pod)) {
      if (ownersFit(claim, set, pod)) continue;
      const { name } = claim.metadata;
      if (hasOtherController(claim, set, pod)) this.#tellConflict(set, name);
      await writeOnNewest(this.#claims, claim, (base) => {
        const metadata = { ...base.metadata, ownerReferences: ownersOf(base, set, pod) };
        return this.#dependencies.client.update(persistentVolumeClaims, { ...base, metadata });
      });
    }
  }

  /** As the informer shows them. */
  #known(set: StatefulSet, pod: ClaimingPod): PersistentVolumeClaim[] {
    return [...claimsOf(set, ordinalOf(pod)).values()].flatMap(
      (claim) => this.#claims.get(keyOf(claim)) ?? [],
    );
  }

  /** Says what is wrong, if anything is. */
  async #ensureOne(
    set: StatefulSet,
    pod: ClaimingPod,
    draft: PersistentVolumeClaim,
  ): Promise<string | undefined> {
    const { client, recorder } = this.#dependencies;
    const { namespace, name } = draft.metadata;
    let claim: PersistentVolumeClaim;
    try {
      claim = this.#claims.get(keyOf(draft)) ?? (await this.#create(set, pod, draft));
    } catch (error) {
      if (!isGantryError(error, "AlreadyExists")) {
        const text = `create Claim ${name} for Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
        recorder.event(set, "Warning", "FailedCreate", `${text} failed error: ${errorMessage(error)}`);
        return `failed to create PVC ${name}: ${errorMessage(error)}`;
      }
      claim = await client.get(persistentVolumeClaims, namespace, name);
    }
    const isGoing = newest(this.#claims, claim).metadata.deletionTimestamp !== undefined;
    return isGoing ? `pvc ${name} is being deleted` : undefined;
  }

  async #create(
    set: StatefulSet,
    pod: ClaimingPod,
    draft: PersistentVolumeClaim,
  ): Promise<PersistentVolumeClaim> {
    const { client, recorder } = this.#dependencies;
    const claim = await client.create(persistentVolumeClaims, draft);
    const text = `create Claim ${claim.metadata.name} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    recorder.event(set, "Normal", "SuccessfulCreate", `${text} success`);
    return claim;
  }

  #tellConflict(set: StatefulSet, name: string): void {
    const text = `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`;
    this.#dependencies.recorder.event(set, "Warning", "ConflictingController", text);
  }
}

/** Several errors as one, as apimachinery's Aggregate prints them. */
function joined(problems: readonly string[]): string {
  return problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`;
}
