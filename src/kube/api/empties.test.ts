import { describe, expect, it } from "vitest";
import { emptiesOf, inWordsOf, withEmpties } from "./empties.ts";
import { checkStructure } from "./structure.ts";

const POD = { group: "", version: "v1", kind: "Pod", model: "io.k8s.api.core.v1.Pod" };

describe("empty members", () => {
  const given = {
    metadata: { name: "p", labels: {} },
    spec: {
      containers: [{ name: "c", env: [] }],
      nodeSelector: {},
      volumes: [],
      dnsConfig: { searches: [] },
    },
  };

  it("are not read, but noted", () => {
    const { object } = checkStructure(given, POD);
    expect(object).toEqual({
      metadata: { name: "p", creationTimestamp: null },
      spec: { containers: [{ name: "c", resources: {} }], dnsConfig: {} },
      status: {},
    });
    expect(emptiesOf(object).map(({ path }) => path)).toEqual([
      "metadata.labels",
      "spec.containers[0].env",
      "spec.nodeSelector",
      "spec.dnsConfig.searches",
    ]);
    const { volumes: _, ...spec } = given.spec;
    expect(withEmpties(object, emptiesOf(object))).toMatchObject({ ...given, spec });
    expect(object).not.toHaveProperty("spec.nodeSelector");
  });

  it("are not put where there is no place for them, or something else", () => {
    const members = [
      { path: "a.b", isList: true },
      { path: "c", isList: false },
    ];
    expect(withEmpties({ c: { d: 1 } }, members)).toEqual({ c: { d: 1 } });
  });

  it("change the words of an error, not which errors there are", () => {
    const error = (field: string, message: string) => ({
      type: "FieldValueInvalid" as const,
      field,
      message,
    });
    expect(inWordsOf([error("a", "nil"), error("b", "x")], [error("c", "y"), error("a", "{}")])).toEqual([
      error("a", "{}"),
      error("b", "x"),
    ]);
  });
});
