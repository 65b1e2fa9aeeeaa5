import { describe, expect, it } from "vitest";
import { checkStructure } from "../structure.ts";
import { FLOW_SCHEMAS, PRIORITY_LEVELS } from "./bootstrap-objects.ts";
import { flowSchemas } from "./flow-schema.ts";
import { priorityLevelConfigurations } from "./priority-level-configuration.ts";

const objects = [
  ...Object.values(PRIORITY_LEVELS).flatMap((list) =>
    list.map((one) => ({ kind: priorityLevelConfigurations, one })),
  ),
  ...Object.values(FLOW_SCHEMAS).flatMap((list) => list.map((one) => ({ kind: flowSchemas, one }))),
];

describe("the objects that flow control starts with", () => {
  it.each(objects.map(({ kind, one }) => [`${kind.kind} ${one.metadata.name}`, kind, one] as const))(
    "%s is as it is read, defaulted and taken",
    (_, kind, one) => {
      const { object } = checkStructure(structuredClone(one), kind);
      kind.defaults!(object as never);
      expect(object.spec).toEqual(one.spec);
      expect(kind.validate!(object as never)).toEqual([]);
    },
  );

  it("name only levels that there are", () => {
    const levels = Object.values(PRIORITY_LEVELS).flatMap((list) =>
      list.map(({ metadata }) => metadata.name),
    );
    for (const { spec } of Object.values(FLOW_SCHEMAS).flat())
      expect(levels).toContain(spec.priorityLevelConfiguration.name);
  });
});
