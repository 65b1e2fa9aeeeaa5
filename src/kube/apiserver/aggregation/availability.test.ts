import { describe, expect, it } from "vitest";
import type { APIService, KubeObject } from "../../api/index.ts";
import type { RemoteApiService } from "./aggregated-services.ts";
import { PASSED, serviceProblem, withAvailability } from "./availability.ts";

const asked = { spec: { service: { namespace: "n", name: "s", port: 8443 } } } as RemoteApiService;
const service = (spec: object) => ({ spec }) as unknown as KubeObject;
const open = service({ type: "ClusterIP", ports: [{ name: "api", port: 8443 }] });
const slice = (more: object) =>
  ({ ports: [{ name: "api" }], endpoints: [{}], ...more }) as unknown as KubeObject;

describe("a Service that an APIService names", () => {
  it.each<[string, KubeObject | undefined, KubeObject[], string?, string?]>([
    ["is in order", open, [slice({ endpoints: [{ conditions: { ready: true } }] })]],
    ["is in order where nothing is said of readiness", open, [slice({})]],
    ["is not looked at where it stands for something outside", service({ type: "ExternalName" }), []],
    ["is absent", undefined, [], "ServiceNotFound", 'service/s in "n" is not present'],
    [
      "has another port",
      service({ ports: [{ port: 443 }] }),
      [],
      "ServicePortError",
      'service/s in "n" is not listening on port 8443',
    ],
    ["has no endpoints", open, [], "EndpointsNotFound", 'cannot find endpoints for service/s in "n"'],
    [
      "has none that is ready",
      open,
      [slice({ endpoints: [{ conditions: { ready: false } }] }), slice({ ports: [{ name: "other" }] })],
      "MissingEndpoints",
      'endpoints for service/s in "n" have no addresses with port name "api"',
    ],
  ])("%s", (_what, found, slices, reason, message) => {
    const problem = reason && { status: "False", reason, message };
    expect(serviceProblem(asked, found, slices)).toEqual(problem);
  });
});

describe("the condition Available", () => {
  const bare = { spec: {} } as APIService;
  const passed = withAvailability(bare, PASSED, "2024-01-01T00:00:00Z");

  it("is set once", () => {
    expect(passed.status?.conditions).toEqual([
      { type: "Available", lastTransitionTime: "2024-01-01T00:00:00Z", ...PASSED },
    ]);
    expect(withAvailability(passed, PASSED, "2024-01-02T00:00:00Z")).toBe(passed);
  });

  it("has the time of its last change of status, and leaves the other conditions", () => {
    const other = { type: "Other", status: "True" };
    const told = { ...passed, status: { conditions: [other, ...passed.status!.conditions!] } };
    const away = { status: "False", reason: "MissingEndpoints", message: "m" };
    const gone = withAvailability(told, away, "2024-01-02T00:00:00Z");
    const still = withAvailability(gone, { ...away, message: "n" }, "2024-01-03T00:00:00Z");
    expect(still.status?.conditions).toEqual([
      other,
      { type: "Available", lastTransitionTime: "2024-01-02T00:00:00Z", ...away, message: "n" },
    ]);
  });
});
