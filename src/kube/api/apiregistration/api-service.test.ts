import { describe, expect, it } from "vitest";
import type { APIService } from "../generated/types.ts";
import { validateObjectMeta } from "../meta/object-meta.ts";
import { createdFrom } from "../testing/refusals.ts";
import { apiServices } from "./api-service.ts";
import { localApiService } from "./local-api-services.ts";
import { API_REGISTRATION_REFUSALS } from "./refusals.table.ts";

const [{ base }] = Object.values(API_REGISTRATION_REFUSALS) as [{ base: object }];
const created = (change: object = {}) => createdFrom(apiServices, base, change) as APIService;

const cell = (name: string, service: APIService) =>
  apiServices.columns.find((column) => column.name === name)!.cell(service, { nowMs: 0 });

describe("an APIService", () => {
  it("is named after its version and group", () => {
    const problems = (name: string) => validateObjectMeta(created({ metadata: { name } }), apiServices);
    expect(problems("v1.y.example.com")).toEqual([]);
    expect(problems("v2.y.example.com")).toMatchObject([
      {
        field: "metadata.name",
        message:
          'Invalid value: "v2.y.example.com": must be `spec.version+"."+spec.group`: "v1.y.example.com"',
      },
    ]);
    expect(problems("a/b")).toMatchObject([{ message: `Invalid value: "a/b": may not contain '/'` }]);
  });

  it("of this server is there at once, of another one when somebody has looked", () => {
    expect([cell("Service", created()), cell("Available", created())]).toEqual(["Local", "True"]);
    const remote = created({ spec: { service: { namespace: "n", name: "s" } } });
    expect([cell("Service", remote), cell("Available", remote)]).toEqual(["n/s", "Unknown"]);
    const condition = { type: "Available", status: "False", reason: "ServiceNotFound" };
    const looked = { ...remote, status: { conditions: [condition] } };
    expect(cell("Available", looked)).toBe("False (ServiceNotFound)");
  });

  it("keeps its labels when its status is written", () => {
    const previous = created({ metadata: { labels: { a: "b" } } });
    const next = structuredClone({ ...previous, spec: { ...previous.spec, versionPriority: 1 }, status: {} });
    next.metadata.labels = { a: "c" };
    next.metadata.finalizers = ["example.com/f"];
    apiServices.prepareForStatusUpdate!(next, previous);
    expect(next).toEqual({ ...previous, status: {} });
  });

  it("of a built-in version has upstream's priority", () => {
    expect(localApiService("", "v1")).toMatchObject({
      metadata: { name: "v1." },
      spec: { groupPriorityMinimum: 18000, versionPriority: 1 },
    });
    expect(localApiService("autoscaling", "v2")?.spec).toMatchObject({ versionPriority: 30 });
    expect(localApiService("stable.example.com", "v1")).toBeUndefined();
  });
});
