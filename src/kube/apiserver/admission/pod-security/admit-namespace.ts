import type { Clock } from "../../../../base/index.ts";
import { jsonEquals } from "../../../../formats/index.ts";
import { type KubeObject, statusInvalid } from "../../../api/index.ts";
import type { AdmissionRequest } from "../admission.ts";
import type { PodSecurityConfiguration } from "./configuration.ts";
import { warningsOfExistingPods } from "./existing-pods.ts";
import { isSame, isStricter, type LevelVersion, levelVersionText } from "./level.ts";
import {
  isEquivalent,
  isFullyPrivileged,
  type Labels,
  levelLabel,
  MODES,
  type Policy,
  policyOf,
  versionLabel,
} from "./policy.ts";

interface House {
  listPods(namespace: string): Promise<readonly KubeObject[]>;
  clock: Clock;
  configuration: PodSecurityConfiguration;
}

/** A namespace's labels must be right; who makes its level stricter is told of the pods that it would not let in. */
export async function admitNamespace(house: House, request: AdmissionRequest): Promise<void> {
  const { defaults, exemptions } = house.configuration;
  const { kind, object, oldObject } = request;
  const { name, labels } = object!.metadata;
  const { policy, errors } = policyOf(labels, defaults);
  const previous = oldObject && policyOf(oldObject.metadata.labels, defaults);
  // Labels that were wrong before keep nobody from changing something else.
  if (errors.length > 0 && !jsonEquals(errors, previous?.errors ?? []))
    throw statusInvalid(kind, name, errors);
  if (previous && !mayHitPods(policy.enforce, previous.policy.enforce)) return;
  if (exemptions.namespaces.includes(name)) {
    const text = exemptLabelsText(policy, labels ?? {}, defaults);
    if (text !== undefined)
      request.warn(
        `namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${text}) will be ignored`,
      );
    return;
  }
  if (!previous) return;
  for (const warning of await warningsOfExistingPods(house, name, policy.enforce)) request.warn(warning);
}

/** Whether pods that were let in before may not be any more. */
function mayHitPods(next: LevelVersion, previous: LevelVersion): boolean {
  if (isSame(next, previous) || next.level === "privileged") return false;
  return next.version !== previous.version || isStricter(next.level, previous.level);
}

/** What the labels ask for in vain; undefined where that is what holds anyway. */
function exemptLabelsText(policy: Policy, labels: Labels, defaults: Policy): string | undefined {
  if (isFullyPrivileged(policy) || isEquivalent(policy, defaults)) return undefined;
  return MODES.filter((mode) => levelLabel(mode) in labels || versionLabel(mode) in labels)
    .filter((mode) => policy[mode].level !== "privileged")
    .map((mode) => `${mode}=${levelVersionText(policy[mode])}`)
    .join(", ");
}
