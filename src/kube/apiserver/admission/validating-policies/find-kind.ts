import type { GroupVersionKind, KindDefinition, KindSource } from "../../../api/index.ts";

/** The kind of this name that is served; undefined where none is. */
export type FindKind = (gvk: GroupVersionKind) => Promise<KindDefinition | undefined>;

export function findAmong(kinds: Pick<KindSource, "findByKind">): FindKind {
  return async ({ group, version, kind }) => {
    const found = kinds.findByKind(group, version, kind);
    return found && found.use === undefined ? found : undefined;
  };
}
