import { jsonEquals } from "../../../../formats/index.ts";
import { forbidden } from "../../field-error.ts";
import type { Pod } from "../../generated/types.ts";
import { keepAllBut } from "../../strategy.ts";
import type { FieldError, SubresourceStrategy } from "../../types.ts";
import { dropDisabledPodFields } from "./disabled-fields.ts";
import { isMirrorPod } from "./mirror-pod.ts";
import { validatePod } from "./validate.ts";

/** `ephemeralcontainers` (`kubectl debug`): adds containers to a pod that runs; nothing else changes. */
export const ephemeralContainers: SubresourceStrategy<Pod> = {
  prepare(next, previous) {
    const added = next.spec.ephemeralContainers ?? [];
    keepAllBut(next, previous, []);
    next.spec.ephemeralContainers = added;
    if (added.length === 0) delete next.spec.ephemeralContainers;
    dropDisabledPodFields(next, previous);
  },
  validate: (next, previous) => [...validatePod(next), ...validateUpdate(next, previous)],
};

/** Those that are there stay as they are (validation.ValidatePodEphemeralContainersUpdate). */
function validateUpdate(next: Pod, previous: Pod): FieldError[] {
  if (isMirrorPod(previous)) return [forbidden("", "static pods do not support ephemeral containers")];
  const sent = new Map((next.spec.ephemeralContainers ?? []).map((one) => [one.name, one]));
  return (previous.spec.ephemeralContainers ?? []).flatMap((old) => {
    const now = sent.get(old.name);
    if (now && jsonEquals(now, old)) return [];
    const what = `existing ephemeral containers ${JSON.stringify(old.name)} may not be ${now ? "changed" : "removed"}\n`;
    return [forbidden("spec.ephemeralContainers", what)];
  });
}
