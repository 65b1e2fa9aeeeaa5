import { describe, expect, it } from "vitest";
import { conditionOf, type Json, shellPod, useKube } from "../support/kube.ts";

const kube = useKube();
const limited = (limit: string) => ({ resources: { limits: { "ephemeral-storage": limit } } });
const fill = (file: string) => `dd if=/dev/zero of=${file} bs=1M count=8 2>/dev/null; sync; sleep 1000`;

describe("a pod that takes more of the disk than it may", () => {
  it("is evicted, and the others stay", async () => {
    const scratch = (sizeLimit: string): Json => ({
      volumes: [{ name: "scratch", emptyDir: { sizeLimit } }],
    });
    const mounted = { volumeMounts: [{ name: "scratch", mountPath: "/scratch" }] };
    await kube.apply([
      shellPod("modest", fill("/scratch/file"), scratch("20Mi"), { ...mounted, ...limited("20Mi") }),
      shellPod("layer", fill("/file"), {}, limited("4Mi")),
      shellPod("volume", fill("/scratch/file"), scratch("4Mi"), mounted),
      shellPod(
        "logs",
        "yes a line of some length to be written to the log | head -c 8000000; sleep 1000",
        {},
        limited("4Mi"),
      ),
    ]);
    await kube.untilReady("modest");
    for (const [name, message] of [
      ["layer", "Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. "],
      ["volume", 'Usage of EmptyDir volume "scratch" exceeds the limit "4Mi". '],
      ["logs", "Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. "],
    ] as const) {
      const { status } = await kube.untilPhase(name, "Failed", 60_000);
      expect(status).toMatchObject({ reason: "Evicted", message });
      expect(await kube.events(name)).toContain(`Evicted: ${message}`);
    }
    expect(conditionOf(await kube.pod("modest"), "Ready")).toBe("True");
  });
});
