import { compareKubeVersions, localApiService } from "../../api/index.ts";

/** A version of a group with its rank, as its APIService says (higher comes first). */
export interface RankedVersion {
  group: string;
  version: string;
  groupPriority: number;
  versionPriority: number;
}

export interface OrderedGroup<V> {
  name: string;
  /** Preferred first. */
  versions: V[];
}

/** What decides between groups of one priority: their own names, or those of their foremost versions' APIServices. */
export type TieBreaker = "group" | "service";

/** Groups by the highest priority that one of their versions gives them, each with its versions by theirs. */
export function orderedGroups<V extends RankedVersion>(
  versions: Iterable<V>,
  tieBreaker: TieBreaker,
): OrderedGroup<V>[] {
  const byGroup = Map.groupBy(versions, ({ group }) => group);
  return [...byGroup]
    .map(([name, members]) => ({ name, members, rank: rankOf(members, tieBreaker) }))
    .sort((a, b) => b.rank.priority - a.rank.priority || (a.rank.name < b.rank.name ? -1 : 1))
    .map(({ name, members }) => ({ name, versions: members.sort(byVersion) }));
}

function rankOf(
  members: readonly RankedVersion[],
  tieBreaker: TieBreaker,
): { priority: number; name: string } {
  const priority = Math.max(...members.map(({ groupPriority }) => groupPriority));
  const names = members
    .filter((one) => one.groupPriority === priority)
    .map(({ group, version }) => (tieBreaker === "group" ? group : `${version}.${group}`));
  return { priority, name: names.sort()[0]! };
}

function byVersion(a: RankedVersion, b: RankedVersion): number {
  return b.versionPriority - a.versionPriority || compareKubeVersions(b.version, a.version);
}

/** The rank of what this server has itself, where no APIService tells another one. */
export function ownRank(group: string, version: string): RankedVersion {
  // Before all others: where it stands, they are found.
  if (group === "apiregistration.k8s.io")
    return { group, version, groupPriority: 20_001, versionPriority: 0 };
  const { groupPriorityMinimum = 1000, versionPriority = 100 } = localApiService(group, version)?.spec ?? {};
  return { group, version, groupPriority: groupPriorityMinimum, versionPriority };
}
