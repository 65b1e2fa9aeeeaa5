import type { Compare } from "../types.ts";

/**
 * A store's revisions beside etcd's. etcd's revision cannot be set, so a store that was moved there shows etcd's plus an offset, and
 * what its clients know from before is never given a second time (docs/adr/0006).
 */
export class RevisionOffset {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** Of one of etcd's; 0, which stands for none, stays 0. */
  shown(etcdRevision: number): number {
    return etcdRevision === 0 ? 0 : etcdRevision + this.value;
  }

  /** The other way round; 0 or less for revisions from before the store was in etcd. */
  inEtcd(shownRevision: number): number {
    return shownRevision - this.value;
  }

  /**
   * The comparison that says the same of etcd's numbers, none of them negative; undefined for one that always holds. Keys have 0
   * (absent) or more than the offset, so what is asked for in between lies between etcd's 0 and 1.
   */
  compareInEtcd({
    target,
    operator,
    value,
  }: Omit<Compare, "key">): Pick<Compare, "operator" | "value"> | undefined {
    const offset = target === "version" ? 0 : this.value;
    if (value === 0 || value > offset) return { operator, value: value === 0 ? 0 : value - offset };
    const isNegative = value < 0;
    switch (operator) {
      case "=":
        return NEVER;
      case "!=":
        return undefined;
      case "<":
        return isNegative ? NEVER : { operator, value: 1 };
      case ">":
        return isNegative ? undefined : { operator, value: 0 };
    }
  }
}

const NEVER = { operator: "<", value: 0 } as const;
