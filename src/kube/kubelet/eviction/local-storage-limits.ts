import { quantityValue } from "../../../formats/index.ts";
import { limitsOf, type Pod, totalOfContainers } from "../../api/index.ts";
import type { PodUsage } from "./pod-usage.ts";

const STORAGE = "ephemeral-storage";

/** Why a pod has to go, by the signal that upstream counts it under. */
export interface ExceededLimit {
  signal: "emptydirfs.limit" | "ephemeralpodfs.limit" | "ephemeralcontainerfs.limit";
  message: string;
}

export interface LocalStorageUsage {
  /** What the pod has on the disk: measured file by file, and so only where there is a limit. */
  ofPod: () => Promise<PodUsage>;
  ofEmptyDir: (volumeName: string) => Promise<number>;
}

/** The first of its limits of local storage that a pod has passed: of a volume, of itself, of a container (upstream's order and words). */
export async function exceededLimit(pod: Pod, usage: LocalStorageUsage): Promise<ExceededLimit | undefined> {
  return (await exceededEmptyDir(pod, usage)) ?? (await exceededStorage(pod, usage));
}

async function exceededEmptyDir(
  { spec }: Pod,
  { ofEmptyDir }: LocalStorageUsage,
): Promise<ExceededLimit | undefined> {
  for (const { name, emptyDir } of spec.volumes ?? []) {
    const limit = emptyDir?.sizeLimit;
    if (limit === undefined || quantityValue(limit) <= 0) continue;
    if ((await ofEmptyDir(name)) <= quantityValue(limit)) continue;
    return {
      signal: "emptydirfs.limit",
      message: `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit ${JSON.stringify(limit)}. `,
    };
  }
  return undefined;
}

async function exceededStorage(
  { spec }: Pod,
  { ofPod }: LocalStorageUsage,
): Promise<ExceededLimit | undefined> {
  const podLimit = totalOfContainers(spec, limitsOf)[STORAGE];
  if (podLimit === undefined) return undefined;
  const { disk, containers } = await ofPod();
  if (disk.bytes > quantityValue(podLimit)) {
    const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${podLimit}. `;
    return { signal: "ephemeralpodfs.limit", message };
  }
  for (const { name, diskBytes } of containers) {
    const limit = spec.containers.find((one) => one.name === name)?.resources?.limits?.[STORAGE];
    if (limit === undefined || quantityValue(limit) === 0 || diskBytes <= quantityValue(limit)) continue;
    return {
      signal: "ephemeralcontainerfs.limit",
      message: `Container ${name} exceeded its local ephemeral storage limit ${JSON.stringify(limit)}. `,
    };
  }
  return undefined;
}
