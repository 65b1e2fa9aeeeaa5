import type { Pod, Volume } from "../../api/index.ts";
import { PodRefusal, type Refusal, type SchedulingPlugin } from "../framework.ts";
import type { NodeInfo } from "../node-info.ts";
import type { Snapshot } from "../snapshot.ts";
import type { VolumeObjects } from "../volumes/volume-objects.ts";

const DISK_CONFLICT: readonly Refusal[] = [{ reason: "node(s) had no available disk" }];
const CLAIM_CONFLICT: readonly Refusal[] = [
  {
    reason: "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
  },
];

interface State {
  /** The pod's claims that only one pod may use. */
  exclusive: ReadonlySet<string>;
  /** How many placed pods use them. */
  users: number;
  hasDisks: boolean;
}

/** Volumes that only one pod, or only one node, may use. */
export function volumeRestrictions(objects: VolumeObjects): SchedulingPlugin<State> {
  /** The pod's claims that only one pod may use; a refusal where one is not there. */
  const exclusiveClaims = (pod: Pod): Set<string> | PodRefusal => {
    const exclusive = new Set<string>();
    for (const name of claimNames(pod)) {
      const claim = objects.claims.get(`${pod.metadata.namespace}/${name}`);
      if (!claim) return new PodRefusal(`persistentvolumeclaim "${name}" not found`);
      if (claim.spec.accessModes?.includes("ReadWriteOncePod")) exclusive.add(name);
    }
    return exclusive;
  };

  return {
    name: "VolumeRestrictions",
    wokenBy: ["node", "pod-gone", "storage"],
    prepare: (pod, snapshot) => {
      const hasDisks = (pod.spec.volumes ?? []).some(isDisk);
      const exclusive = exclusiveClaims(pod);
      if (exclusive instanceof PodRefusal) return exclusive;
      const users = exclusive.size === 0 ? 0 : countUsers(pod, exclusive, snapshot);
      return !hasDisks && users === 0 ? "skip" : { exclusive, users, hasDisks };
    },
    podMoved: (state, pod, { other, sign }) => {
      state.users += sign * sharedClaims(pod, state.exclusive, other.pod);
    },
    filter: (pod, node, { users, hasDisks }) => {
      if (hasDisks && hasDiskConflict(pod, node)) return DISK_CONFLICT;
      return users > 0 ? CLAIM_CONFLICT : undefined;
    },
  };
}

function* claimNames({ spec }: Pod): Iterable<string> {
  for (const { persistentVolumeClaim } of spec.volumes ?? [])
    if (persistentVolumeClaim) yield persistentVolumeClaim.claimName;
}

function countUsers(pod: Pod, exclusive: ReadonlySet<string>, { nodes }: Snapshot): number {
  let users = 0;
  for (const node of nodes)
    for (const other of node.pods.values()) users += sharedClaims(pod, exclusive, other.pod);
  return users;
}

function sharedClaims({ metadata }: Pod, exclusive: ReadonlySet<string>, other: Pod): number {
  if (other.metadata.namespace !== metadata.namespace) return 0;
  return [...new Set(claimNames(other))].filter((name) => exclusive.has(name)).length;
}

type Disk = Pick<Volume, "gcePersistentDisk" | "awsElasticBlockStore" | "iscsi" | "rbd">;

const isDisk = ({ gcePersistentDisk, awsElasticBlockStore, iscsi, rbd }: Disk): boolean =>
  Boolean(gcePersistentDisk || awsElasticBlockStore || iscsi || rbd);

function hasDiskConflict(pod: Pod, node: NodeInfo): boolean {
  const own = (pod.spec.volumes ?? []).filter(isDisk);
  for (const { pod: other } of node.pods.values())
    for (const volume of other.spec.volumes ?? [])
      if (isDisk(volume) && own.some((one) => areOneDisk(one, volume))) return true;
  return false;
}

/** One disk, which both could only use if both only read. */
function areOneDisk(one: Disk, other: Disk): boolean {
  const bothRead = (a: { readOnly?: boolean }, b: { readOnly?: boolean }) => a.readOnly && b.readOnly;
  if (one.gcePersistentDisk && other.gcePersistentDisk) {
    const [a, b] = [one.gcePersistentDisk, other.gcePersistentDisk];
    if (a.pdName === b.pdName && !bothRead(a, b)) return true;
  }
  if (one.awsElasticBlockStore && other.awsElasticBlockStore)
    if (one.awsElasticBlockStore.volumeID === other.awsElasticBlockStore.volumeID) return true;
  if (one.iscsi && other.iscsi && one.iscsi.iqn === other.iscsi.iqn && !bothRead(one.iscsi, other.iscsi))
    return true;
  if (!one.rbd || !other.rbd) return false;
  const { monitors } = other.rbd;
  return (
    one.rbd.monitors.some((monitor) => monitors.includes(monitor)) &&
    (one.rbd.pool ?? "rbd") === (other.rbd.pool ?? "rbd") &&
    one.rbd.image === other.rbd.image &&
    !bothRead(one.rbd, other.rbd)
  );
}
