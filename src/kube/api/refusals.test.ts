import { describe, expect, it } from "vitest";
import { apiVersionOf } from "./api-version.ts";
import { kinds } from "./kinds.ts";
import { KIND_REFUSALS } from "./refusals.table.ts";
import { refusalsOnCreate, refusalsOnStatusUpdate, refusalsOnUpdate, rows } from "./testing/refusals.ts";

for (const [name, { base, create = [], update = [], status = [] }] of Object.entries(KIND_REFUSALS)) {
  const kind = kinds.find((one) => `${apiVersionOf(one)} ${one.kind}` === name)!;

  describe(name, () => {
    it.each(rows([[{}], ...create]))("created with $title", ({ change, errors }) => {
      expect(refusalsOnCreate(kind, base, change)).toEqual(errors);
    });

    it.each(rows([[{}], ...update]))("updated to $title", ({ change, errors }) => {
      expect(refusalsOnUpdate(kind, base, change)).toEqual(errors);
    });

    it.each(rows(status))("whose status becomes $title", ({ change, errors }) => {
      expect(refusalsOnStatusUpdate(kind, base, change)).toEqual(errors);
    });
  });
}
