import { itemElements } from "./list-items.ts";
import type { MergeList } from "./merge-schema.ts";
import type { PathElement } from "./path-element.ts";

type MergeItem = (before: unknown, config: unknown) => unknown;

interface Side {
  items: readonly unknown[];
  elements: readonly PathElement[];
  /** The item of a name; null for a name that stands more than once. */
  byElement: ReadonlyMap<PathElement, unknown>;
}

/**
 * Merges the items of two lists by their names. Those of both stand in the configuration's order, and those that only
 * the object has near where they stood. `object` is the answer where nothing changes.
 */
export function mergeLists(
  object: unknown,
  old: readonly unknown[],
  next: readonly unknown[],
  list: MergeList,
  mergeItem: MergeItem,
): unknown {
  const merged = new ListMerge(sideOf(list, old), sideOf(list, next), mergeItem).run();
  const isSame = merged.length === old.length && merged.every((item, at) => item === old[at]);
  return isSame && Array.isArray(object) ? object : merged;
}

function sideOf(list: MergeList, items: readonly unknown[]): Side {
  const elements = itemElements(list, items);
  const byElement = new Map<PathElement, unknown>();
  for (const [at, element] of elements.entries())
    byElement.set(element, byElement.has(element) ? null : items[at]);
  return { items, elements, byElement };
}

class ListMerge {
  private readonly old: Side;
  private readonly next: Side;
  private readonly mergeItem: MergeItem;
  private readonly out: unknown[] = [];
  private readonly taken = new Set<PathElement>();
  /** Names on both sides that are still to come, in the configuration's order. */
  private readonly shared: PathElement[];
  private sharedAt = 0;
  private oldAt = 0;
  private nextAt = 0;

  constructor(old: Side, next: Side, mergeItem: MergeItem) {
    this.old = old;
    this.next = next;
    this.mergeItem = mergeItem;
    this.shared = next.elements.filter((element) => old.byElement.has(element));
  }

  run(): unknown[] {
    while (this.oldAt < this.old.items.length || this.nextAt < this.next.items.length) this.step();
    return this.out;
  }

  private step(): void {
    const mine = this.old.elements[this.oldAt];
    const theirs = this.next.elements[this.nextAt];
    const awaited = this.shared[this.sharedAt];
    if (mine !== undefined && mine === theirs) {
      this.takeNext(theirs);
      this.oldAt++;
      return;
    }
    if (mine !== undefined && theirs !== undefined && this.isOutOfTurn(mine, awaited)) {
      this.oldAt++;
      return;
    }
    if (mine !== undefined) {
      if (!this.next.byElement.has(mine)) {
        this.out.push(this.old.items[this.oldAt++]);
        return;
      }
      if (this.taken.has(mine)) this.oldAt++;
    }
    if (theirs !== undefined) this.takeNext(theirs);
  }

  /** An item of both that is not the next one of both. */
  private isOutOfTurn(mine: PathElement, awaited: PathElement | undefined): boolean {
    return awaited !== undefined && awaited !== mine && this.next.byElement.has(mine);
  }

  private takeNext(element: PathElement): void {
    this.taken.add(element);
    const before = this.old.byElement.get(element);
    this.out.push(this.mergeItem(before, this.next.byElement.get(element)));
    this.nextAt++;
    if (this.shared[this.sharedAt] === element) this.sharedAt++;
  }
}
