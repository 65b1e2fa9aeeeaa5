import { describe, expect, it } from "vitest";
import { limitsOf, requestsOf, totalOfContainers } from "./resource-totals.ts";

const container = (cpu: string, restartPolicy?: string) => ({
  name: "c",
  resources: { requests: { cpu }, limits: { memory: "1Gi" } },
  ...(restartPolicy ? { restartPolicy } : {}),
});

describe("what a pod's containers come to", () => {
  it.each([
    ["the sum of the containers", ["1", "500m"], [], "1500m"],
    ["at least the largest init container", ["1"], [container("2"), container("3")], "3"],
    ["with sidecars", ["1"], [container("1", "Always"), container("500m")], "2"],
    [
      "or an init container beside the sidecars before it",
      ["1"],
      [container("1", "Always"), container("2")],
      "3",
    ],
    ["not beside those after it", ["1"], [container("2"), container("1", "Always")], "2"],
  ])("is %s", (_, containers, initContainers, cpu) => {
    const spec = { containers: containers.map((one) => container(one)), initContainers };
    expect(totalOfContainers(spec, requestsOf)).toEqual({ cpu });
  });

  it("leaves out what nobody names", () => {
    expect(totalOfContainers({ containers: [{ name: "c" }, container("1")] }, limitsOf)).toEqual({
      memory: "1Gi",
    });
  });
});
