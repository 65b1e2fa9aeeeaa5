import { expect, it } from "vitest";
import type { Node } from "../../kube/api/index.ts";
import { peersOf } from "./pod-routes.ts";

const node = (name: string, podCIDR?: string, address?: string) =>
  ({
    metadata: { name },
    spec: podCIDR === undefined ? {} : { podCIDR },
    status: {
      addresses: [
        { type: "Hostname", address: name },
        ...(address === undefined ? [] : [{ type: "InternalIP", address }]),
      ],
    },
  }) as unknown as Node;

const own = node("own", "10.244.0.0/24", "192.0.2.1");

it("leads to the pods of all other nodes that tell where they are", () => {
  const nodes = [node("c", "10.244.2.0/24", "192.0.2.3"), own, node("b", "10.244.1.0/24", "192.0.2.2")];
  expect(peersOf(nodes, "own")).toEqual([
    { podCidr: "10.244.1.0/24", nodeAddress: "192.0.2.2" },
    { podCidr: "10.244.2.0/24", nodeAddress: "192.0.2.3" },
  ]);
});

it.each([
  ["has no range yet", [node("b", undefined, "192.0.2.2")]],
  ["has no address yet", [node("b", "10.244.1.0/24")]],
  ["has this node's range", [node("b", "10.244.0.0/24", "192.0.2.2")]],
  [
    "has the range of another one",
    [node("b", "10.244.1.0/24", "192.0.2.2"), node("c", "10.244.1.0/24", "192.0.2.3")],
  ],
  ["has one of another family", [node("b", "fd00::/64", "192.0.2.2")]],
])("leads nowhere for one that %s", (_, others) => {
  expect(peersOf([own, ...others], "own")).toEqual([]);
});
