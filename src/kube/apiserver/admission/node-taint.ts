import type { Node, Taint } from "../../api/index.ts";
import { type AdmissionPlugin, concerns } from "./admission.ts";

const NOT_READY: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

/** A new node takes no pods before the node controller has seen that it is ready (upstream TaintNodesByCondition). */
export const nodeTaint: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  looksAt: ["nodes"],
  mutate(request) {
    if (!concerns(request, "", "nodes", "CREATE")) return;
    const node = request.object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) return;
    node.spec = { ...node.spec, taints: [...taints, { ...NOT_READY }] };
  },
};
