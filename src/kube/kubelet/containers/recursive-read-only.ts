import { mountsRecursivelyReadOnly } from "../../../kernel/index.ts";
import type { Container, ContainerStatus, VolumeMount } from "../../api/index.ts";

/** What becomes of a mount's recursiveReadOnly here: `IfPossible` is as far as the kernel goes, `Enabled` all or nothing. */
export function recursiveReadOnlyOf({
  recursiveReadOnly = "Disabled",
}: VolumeMount): "Enabled" | "Disabled" | "Impossible" {
  if (recursiveReadOnly === "Disabled") return "Disabled";
  if (mountsRecursivelyReadOnly()) return "Enabled";
  return recursiveReadOnly === "IfPossible" ? "Disabled" : "Impossible";
}

/** A container's mounts as its status shows them. */
export function volumeMountStatuses({ volumeMounts = [] }: Container): Pick<ContainerStatus, "volumeMounts"> {
  if (volumeMounts.length === 0) return {};
  const statuses = volumeMounts.map((mount) => {
    const { name, mountPath, readOnly } = mount;
    if (!readOnly) return { name, mountPath };
    const isRecursive = recursiveReadOnlyOf(mount) === "Enabled";
    return { name, mountPath, readOnly, recursiveReadOnly: isRecursive ? "Enabled" : "Disabled" };
  });
  return { volumeMounts: statuses };
}
