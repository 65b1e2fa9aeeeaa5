import { describe, expect, it } from "vitest";
import { DECISIONS } from "./decisions.table.ts";
import { NodeSelector, type Selection } from "./select-node.ts";
import { clusterOf } from "./testing/objects.ts";
import { defaultPlugins } from "./testing/plugins.ts";

/** Enough that each of some nodes that are equally good is chosen once, as good as always. */
const TURNS = 40;

const told = (selection: Selection): string | undefined =>
  selection.node === undefined ? selection.message : undefined;

describe("the same decision as upstream's:", () => {
  it.each(DECISIONS.map((one) => [one.what, one] as const))("%s", (_, { nodes, pods, pod, goes, says }) => {
    const snapshot = clusterOf(nodes, pods);
    const selector = new NodeSelector(defaultPlugins);
    const all = Array.from({ length: TURNS }, () => selector.select(pod, snapshot));
    expect(new Set(all.map(told))).toEqual(new Set([says]));
    expect(new Set(all.map((one) => one.node))).toEqual(new Set(goes ?? [undefined]));
  });
});
