import { describe, expect, it } from "vitest";
import type { Pod } from "../../api/index.ts";
import type { ClusterEvent, SchedulingPlugin } from "../framework.ts";
import { clusterOf, node, pod } from "../testing/objects.ts";
import { interPodAffinity as interPodAffinityWith } from "./inter-pod-affinity.ts";
import { nodeAffinity as nodeAffinityWith } from "./node-affinity.ts";
import { nodePorts } from "./node-ports.ts";
import { nodeResourcesFit as nodeResourcesFitWith } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { podTopologySpread as spreadWith } from "./pod-topology-spread.ts";
import { taintToleration } from "./taint-toleration.ts";

const interPodAffinity = interPodAffinityWith();
const nodeAffinity = nodeAffinityWith();
const nodeResourcesFit = nodeResourcesFitWith();
const podTopologySpread = spreadWith(() => undefined);

const changed = (before: Parameters<typeof node>[1], after: Parameters<typeof node>[1]): ClusterEvent => ({
  type: "node",
  previous: node("n", before),
  node: node("n", after),
});
const gone = (one: Pod): ClusterEvent => ({ type: "pod-gone", pod: one });
const placed = (one: Pod, previous?: Pod): ClusterEvent => ({
  type: "pod-placed",
  pod: one,
  ...(previous ? { previous } : {}),
});
const labelled = (app: string) => pod({ node: "n", labels: { app } });
const onPort = (hostPort: number) => pod({ spec: { containers: [{ ports: [{ hostPort }] }] } });
const term = { topologyKey: "zone", labelSelector: { matchLabels: { app: "db" } } };
const bound = (kind: string) =>
  pod({
    labels: { app: "web" },
    spec: { affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
  });
const spread = pod({
  labels: { app: "web" },
  spec: {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: "zone", labelSelector: { matchLabels: { app: "web" } } },
    ],
  },
});
const taint = [{ key: "k", effect: "NoSchedule" }];
const selecting = pod({ spec: { nodeSelector: { disk: "ssd" } } });

describe("what may help a waiting pod", () => {
  it.each<[boolean, string, SchedulingPlugin<never>, Pod, ClusterEvent]>([
    [
      true,
      "a node that gets larger",
      nodeResourcesFit,
      pod({ cpu: "3" }),
      changed({ cpu: "2" }, { cpu: "4" }),
    ],
    [
      false,
      "one that stays too small",
      nodeResourcesFit,
      pod({ cpu: "5" }),
      changed({ cpu: "2" }, { cpu: "4" }),
    ],
    [
      false,
      "one that changes otherwise",
      nodeResourcesFit,
      pod({ cpu: "1" }),
      changed({}, { labels: { a: "" } }),
    ],
    [true, "a pod that goes", nodeResourcesFit, pod({ cpu: "1" }), gone(labelled("x"))],
    [true, "the label", nodeAffinity, selecting, changed({}, { labels: { disk: "ssd" } })],
    [false, "another label", nodeAffinity, selecting, changed({}, { labels: { disk: "hdd" } })],
    [
      false,
      "a label that was there",
      nodeAffinity,
      selecting,
      changed({ labels: { disk: "ssd" } }, { labels: { disk: "ssd", a: "" } }),
    ],
    [true, "a port that is free", nodePorts, onPort(80), gone(onPort(80))],
    [false, "another port", nodePorts, onPort(80), gone(onPort(81))],
    [true, "an end of the cordon", nodeUnschedulable, pod(), changed({ unschedulable: true }, {})],
    [false, "a cordon", nodeUnschedulable, pod(), changed({}, { unschedulable: true })],
    [true, "an end of the taint", taintToleration, pod(), changed({ taints: taint }, {})],
    [false, "no taint before", taintToleration, pod(), changed({}, { labels: { a: "" } })],
    [true, "whom it wants to be near", interPodAffinity, bound("podAffinity"), placed(labelled("db"))],
    [false, "somebody else", interPodAffinity, bound("podAffinity"), placed(labelled("x"))],
    [true, "whom it does not bear, gone", interPodAffinity, bound("podAntiAffinity"), gone(labelled("db"))],
    [
      true,
      "the same, called otherwise",
      interPodAffinity,
      bound("podAntiAffinity"),
      placed(labelled("x"), labelled("db")),
    ],
    [false, "somebody else gone", interPodAffinity, bound("podAntiAffinity"), gone(labelled("x"))],
    [true, "who did not bear it, gone", interPodAffinity, labelled("db"), gone(bound("podAntiAffinity"))],
    [true, "one more of its kind", podTopologySpread, spread, placed(labelled("web"))],
    [false, "one of another kind", podTopologySpread, spread, placed(labelled("db"))],
    [true, "a new domain", podTopologySpread, spread, changed({}, { labels: { zone: "a" } })],
    [false, "no domain", podTopologySpread, spread, changed({}, { labels: { a: "" } })],
  ] as never)("%s: %s", (isWanted, _, plugin, one, event) => {
    expect(plugin.mayHelp!(one, event, clusterOf([]))).toBe(isWanted);
  });
});
