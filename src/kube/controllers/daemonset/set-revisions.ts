import type { ControllerRevision, DaemonSet, Pod } from "../../api/index.ts";
import { pods as podsResource } from "../../api/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { numberAfter, type RevisionWriter, revisionData, sameData } from "../history/index.ts";
import { unlessGone } from "../write-errors.ts";
import { REVISION_HASH } from "./daemon-pod.ts";

/** The revision of the set's present template, and those of others. */
export interface DaemonRevisions {
  hash: string;
  collisionCount: number | undefined;
  old: readonly ControllerRevision[];
}

const hashOf = ({ metadata }: Pick<ControllerRevision, "metadata">): string =>
  metadata.labels?.[REVISION_HASH] ?? "";

/** Finds or makes it; of several that are alike the newest stays (upstream's constructHistory). */
export async function revisionsOf(
  set: DaemonSet,
  pods: readonly Pod[],
  history: RevisionWriter,
  client: KubeClient,
): Promise<DaemonRevisions> {
  const all: ControllerRevision[] = [];
  for (const one of await history.claim(set))
    all.push(hashOf(one) ? one : await history.label(one, REVISION_HASH, one.metadata.name));
  const present = { data: revisionData(set) };
  const alike = all.filter((one) => sameData(one, present));
  const old = all.filter((one) => !alike.includes(one));
  const kept = alike.pop();
  if (kept === undefined) {
    const { revision, collisionCount } = await history.create(set, numberAfter(old));
    return { hash: hashOf(revision), collisionCount, old };
  }
  if (alike.length > 0) await relabel(pods, hashOf(kept), client);
  for (const one of alike) await history.remove(one);
  if (kept.revision < numberAfter(old)) await history.renumber(kept, numberAfter(old));
  return { hash: hashOf(kept), collisionCount: set.status?.collisionCount, old };
}

/** The pods of a revision that goes are from now on those of the one that stays. */
async function relabel(pods: readonly Pod[], hash: string, client: KubeClient): Promise<void> {
  for (const { metadata } of pods) {
    if (metadata.labels?.[REVISION_HASH] === hash) continue;
    const body = { metadata: { labels: { [REVISION_HASH]: hash } } };
    await unlessGone(client.patch(podsResource, metadata.namespace, metadata.name, "merge", body));
  }
}

/** Old revisions beyond the limit that no pod is of, the oldest first. */
export function surplusRevisions(
  { spec }: DaemonSet,
  old: readonly ControllerRevision[],
  pods: readonly Pod[],
): ControllerRevision[] {
  const inUse = new Set(pods.map(({ metadata }) => metadata.labels?.[REVISION_HASH] ?? ""));
  const surplus = Math.max(0, old.length - (spec.revisionHistoryLimit ?? 10));
  return old.filter((one) => !inUse.has(hashOf(one))).slice(0, surplus);
}
