import type { Container, EphemeralContainer, PodSpec } from "../../../api/index.ts";

/** Whether an update of a pod changes what is looked at: other images, other containers (isSignificantPodUpdate). */
export function isSignificantUpdate(next: PodSpec, previous: PodSpec): boolean {
  return (
    differ(next.containers, previous.containers) ||
    differ(next.initContainers, previous.initContainers) ||
    (next.ephemeralContainers ?? []).some((one) => isNewOrChanged(one, previous.ephemeralContainers))
  );
}

function differ(next: Container[] = [], previous: Container[] = []): boolean {
  return next.length !== previous.length || next.some(({ image }, index) => image !== previous[index]?.image);
}

function isNewOrChanged({ name, image }: EphemeralContainer, previous: EphemeralContainer[] = []): boolean {
  const old = previous.find((one) => one.name === name);
  return old === undefined || old.image !== image;
}
