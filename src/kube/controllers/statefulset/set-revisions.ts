import type { ControllerRevision, Pod, StatefulSet } from "../../api/index.ts";
import { numberAfter, type RevisionWriter, revisionData, sameData } from "../history/index.ts";
import { revisionOf } from "./stateful-pod.ts";

/** The revision that a set's pods are at, the one that they go to, and all there are, in their order. */
export interface RevisionPair {
  current: ControllerRevision;
  update: ControllerRevision;
  collisionCount: number;
  all: readonly ControllerRevision[];
}

/** Finds or makes the revision of the set's present template (upstream's getStatefulSetRevisions). */
export async function revisionsOf(
  set: StatefulSet,
  all: readonly ControllerRevision[],
  writer: RevisionWriter,
): Promise<RevisionPair> {
  const { currentRevision, collisionCount = 0 } = set.status ?? {};
  const made = await updateRevision(set, all, writer);
  const current = all.find(({ metadata }) => metadata.name === currentRevision) ?? made.revision;
  return { current, update: made.revision, collisionCount: made.collisionCount ?? collisionCount, all };
}

async function updateRevision(
  set: StatefulSet,
  all: readonly ControllerRevision[],
  writer: RevisionWriter,
): Promise<{ revision: ControllerRevision; collisionCount?: number }> {
  const present = { data: revisionData(set) };
  const equal = all.findLast((one) => sameData(one, present));
  if (equal === undefined) return writer.create(set, numberAfter(all));
  const isNewest = sameData(equal, all.at(-1)!);
  return { revision: isNewest ? all.at(-1)! : await writer.renumber(equal, numberAfter(all)) };
}

/** Revisions that the set has too many of: neither in use nor within the limit, the oldest first. */
export function surplusRevisions(
  { spec }: StatefulSet,
  { current, update, all }: RevisionPair,
  pods: readonly Pod[],
): ControllerRevision[] {
  const inUse = new Set([current.metadata.name, update.metadata.name, ...pods.map(revisionOf)]);
  const past = all.filter(({ metadata }) => !inUse.has(metadata.name));
  const limit = spec.revisionHistoryLimit ?? 10;
  return limit < 0 ? [] : past.slice(0, Math.max(0, past.length - limit));
}
