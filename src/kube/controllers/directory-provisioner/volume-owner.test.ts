import { expect, it } from "vitest";
import type { Node, PersistentVolume } from "../../api/index.ts";
import { nodeOfVolume, ownerOfClaim } from "./volume-owner.ts";

const node = (name: string, keeps: boolean, ready = "True") =>
  ({
    metadata: { name, annotations: keeps ? { "gantry.dev/machine": name } : {} },
    status: { conditions: [{ type: "Ready", status: ready }] },
  }) as unknown as Node;
const among = (...nodes: Node[]) => ({ list: () => nodes });
const all = among(node("c", true), node("b", true), node("a", true, "Unknown"), node("0", false));

it.each([
  ["the one that was chosen", all, "c", "c"],
  ["the one that was chosen, though it is away: its disk is", all, "a", "a"],
  ["the first that is Ready, where none was chosen", all, undefined, "b"],
  ["the first that is Ready, where one was chosen that keeps none", all, "0", "b"],
  ["nobody in particular, where no node tells", among(node("0", false)), "0", undefined],
])("a claim is looked after by %s", (_, nodes, selected, owner) => {
  expect(ownerOfClaim(nodes, selected)).toBe(owner);
});

it("a volume is on the node that its affinity names", () => {
  const volume = (...matchExpressions: object[]) =>
    ({
      spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } },
    }) as unknown as PersistentVolume;
  const hostname = { key: "kubernetes.io/hostname", operator: "In", values: ["n1"] };
  expect(nodeOfVolume(volume(hostname))).toBe("n1");
  expect(nodeOfVolume(volume({ ...hostname, values: ["n1", "n2"] }))).toBeUndefined();
  expect(nodeOfVolume({ spec: {} } as PersistentVolume)).toBeUndefined();
});
