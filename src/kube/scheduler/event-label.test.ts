import { expect, it } from "vitest";
import { eventLabel } from "./event-label.ts";
import type { ClusterEvent } from "./framework.ts";
import { node, pod } from "./testing/objects.ts";

const before = node("a");
const taints = [{ key: "k", effect: "NoSchedule" }];
const changed = (after: ReturnType<typeof node>, previous = before): ClusterEvent => ({
  type: "node",
  node: after,
  previous,
});

it.each<[string, ClusterEvent]>([
  ["NodeAdd", { type: "node", node: before }],
  ["NodeDelete", { type: "node", previous: before }],
  ["NodeUpdateNodeAllocatable", changed(node("a", { cpu: "4" }))],
  ["NodeUpdateNodeLabel", changed(node("a", { labels: { zone: "1" } }))],
  ["NodeUpdateNodeTaint", changed(node("a", { taints }))],
  // Of what is let in again, upstream says the same.
  ["NodeUpdateNodeTaint", changed(before, node("a", { unschedulable: true }))],
  ["AssignedPodAdd", { type: "pod-placed", pod: pod() }],
  ["AssignedPodUpdatePodLabel", { type: "pod-placed", pod: pod(), previous: pod() }],
  ["AssignedPodDelete", { type: "pod-gone", pod: pod() }],
  ["storage.k8s.io/CSINodeUpdate", { type: "storage", resource: "storage.k8s.io/CSINode", action: "Update" }],
])("calls an event %s", (label, event) => {
  expect(eventLabel(event)).toBe(label);
});
