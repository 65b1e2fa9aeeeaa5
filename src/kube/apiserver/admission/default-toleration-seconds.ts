import { type AdmissionPlugin, concerns } from "./admission.ts";

const SECONDS = 300;
const TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

interface Toleration {
  key?: string;
  effect?: string;
}

/** Pods stay for five minutes on a node that is not ready or not reachable, unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  looksAt: ["pods"],
  mutate(request) {
    if (!concerns(request, "", "pods", "CREATE", "UPDATE")) return;
    const spec = request.object!.spec;
    const present = (spec.tolerations ?? []) as Toleration[];
    const missing = TAINTS.filter((taint) => !present.some((toleration) => tolerates(toleration, taint)));
    if (missing.length === 0) return;
    const added = missing.map((key) => ({
      key,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: SECONDS,
    }));
    spec.tolerations = [...present, ...added];
  },
};

function tolerates({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === "NoExecute");
}
