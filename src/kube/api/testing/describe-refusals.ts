import { describe, expect, it } from "vitest";
import type { KindDefinition } from "../types.ts";
import {
  type Refusal,
  refusalsOnCreate,
  refusalsOnStatusUpdate,
  refusalsOnUpdate,
  rows,
  warningsOnCreate,
} from "./refusals.ts";

/** What is asked of a new object of a kind, of an update, of a write of the status; and what is only warned of. */
export interface KindRefusals {
  base: object;
  create?: Refusal[];
  update?: Refusal[];
  status?: Refusal[];
  warnings?: Refusal[];
}

/** Holds a kind to a table; the base itself is taken. */
export function describeRefusals(kind: KindDefinition, table: KindRefusals, name = kind.kind): void {
  const { base, create = [], update = [], status = [], warnings = [] } = table;
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

    it.each(rows(warnings))("warned of $title", ({ change, errors }) => {
      expect(warningsOnCreate(kind, base, change)).toEqual(errors);
    });
  });
}
