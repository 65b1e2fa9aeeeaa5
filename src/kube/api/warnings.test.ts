import { describe, expect, it } from "vitest";
import { apiVersionOf } from "./api-version.ts";
import { kinds } from "./kinds.ts";
import { rows, warningsOnCreate, warningsOnStatusUpdate, warningsOnUpdate } from "./testing/refusals.ts";
import { KIND_WARNINGS } from "./warnings.table.ts";

for (const [name, { base, created, updated = [], status = [] }] of Object.entries(KIND_WARNINGS)) {
  const kind = kinds.find((one) => `${apiVersionOf(one)} ${one.kind}` === name)!;

  describe(name, () => {
    it.each(rows(created))("created with $title", ({ change, errors }) => {
      expect(warningsOnCreate(kind, base, change)).toEqual(errors);
    });

    it.each(rows(status))("whose status becomes $title", ({ change, errors }) => {
      expect(warningsOnStatusUpdate(kind, base, change)).toEqual(errors);
    });

    it.each(rows(updated))("updated to $title", ({ change, errors }) => {
      expect(warningsOnUpdate(kind, base, change)).toEqual(errors);
    });
  });
}
