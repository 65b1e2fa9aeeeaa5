import type { Clock } from "../../../../base/index.ts";
import type { KubeObject } from "../../../api/index.ts";
import type { CheckedPod } from "./check.ts";
import type { PodSecurityConfiguration } from "./configuration.ts";
import { reasonText, violationsOf } from "./evaluate-pod.ts";
import { type LevelVersion, levelVersionText } from "./level.ts";

const MAX_PODS = 3000;
const TIMEOUT_MS = 1000;

interface ExistingPods {
  listPods(namespace: string): Promise<readonly KubeObject[]>;
  clock: Clock;
  configuration: PodSecurityConfiguration;
}

/** What whoever raises a namespace's level is told of the pods that are there: they stay, and would not be admitted again. */
export async function warningsOfExistingPods(
  { listPods, clock, configuration }: ExistingPods,
  namespace: string,
  enforce: LevelVersion,
): Promise<string[]> {
  const deadlineMs = clock.monotonicMs() + TIMEOUT_MS;
  const exempt = configuration.exemptions.runtimeClasses;
  const all = await listPods(namespace);
  const pods = repeatedLast(all.filter(({ spec }) => !exempt.includes(spec.runtimeClassName || "")));
  const namesByReason = new Map<string, string[]>();
  let checked = 0;
  for (const pod of pods.slice(0, MAX_PODS)) {
    checked++;
    const reason = reasonText(violationsOf(enforce, pod as KubeObject & CheckedPod));
    if (reason !== "") namesByReason.set(reason, [...(namesByReason.get(reason) ?? []), pod.metadata.name]);
    if (clock.monotonicMs() >= deadlineMs) break;
  }
  return [
    ...(checked < pods.length
      ? [
          `new PodSecurity enforce level only checked against the first ${checked} of ${pods.length} existing pods`,
        ]
      : []),
    ...(namesByReason.size > 0
      ? [
          `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(levelVersionText(enforce))}`,
        ]
      : []),
    ...[...namesByReason].map(([reason, names]) => `${somePods(names)}: ${reason}`).sort(),
  ];
}

/** The pods of a controller are all alike: a second one of the same comes after all others. */
function repeatedLast(pods: readonly KubeObject[]): KubeObject[] {
  const seen = new Set<string>();
  const [first, again]: [KubeObject[], KubeObject[]] = [[], []];
  for (const pod of pods) {
    const uid = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
    (uid !== undefined && seen.has(uid) ? again : first).push(pod);
    if (uid !== undefined) seen.add(uid);
  }
  return [...first, ...again];
}

function somePods(names: readonly string[]): string {
  const first = names.toSorted()[0]!;
  const others = names.length - 1;
  if (others === 0) return first;
  return `${first} (and ${others} other ${others === 1 ? "pod" : "pods"})`;
}
