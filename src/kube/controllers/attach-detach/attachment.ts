import { createHash } from "node:crypto";
import type { CSIDriver, Node, PersistentVolume, VolumeAttachment } from "../../api/index.ts";

/** A volume that has to be attached to a node. */
export interface WantedAttachment {
  volume: PersistentVolume;
  driver: string;
  handle: string;
}

/** How a driver's volume is attached, where it is at all: what knows no CSIDriver is (csi_plugin.go skipAttach). */
export function attachableVolume(
  volume: PersistentVolume | undefined,
  driverNamed: (name: string) => CSIDriver | undefined,
): WantedAttachment | undefined {
  const csi = volume?.spec?.csi;
  if (!volume || !csi) return undefined;
  const { driver, volumeHandle: handle } = csi;
  return driverNamed(driver)?.spec.attachRequired === false ? undefined : { volume, driver, handle };
}

/** csi_attacher.go getAttachmentName. */
export function attachmentName({ driver, handle }: WantedAttachment, nodeName: string): string {
  return `csi-${createHash("sha256").update(`${handle}${driver}${nodeName}`).digest("hex")}`;
}

/** Whether it may have been made here: what people and other programs have made is theirs to take away. */
export const isOwn = ({ metadata }: VolumeAttachment): boolean => /^csi-[0-9a-f]{64}$/.test(metadata.name);

/** As nodes name it in what they have in use. */
export const uniqueVolumeName = ({ driver, handle }: Pick<WantedAttachment, "driver" | "handle">): string =>
  `kubernetes.io/csi/${driver}^${handle}`;

/** Several nodes may have it at once. */
export function isShared({ spec }: PersistentVolume): boolean {
  const modes = spec?.accessModes ?? [];
  // Of a volume that says nothing nothing is known (volumeutil.IsMultiAttachAllowed).
  return modes.length === 0 || modes.includes("ReadWriteMany") || modes.includes("ReadOnlyMany");
}

export const volumeNameOf = ({ spec }: VolumeAttachment): string => spec.source.persistentVolumeName ?? "";

/** Whether nobody can say any more what it has in use. */
export function isOutOfService(node: Node): boolean {
  return (node.spec.taints ?? []).some(({ key }) => key === "node.kubernetes.io/out-of-service");
}

export const isReady = ({ status }: Node): boolean =>
  status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true;
