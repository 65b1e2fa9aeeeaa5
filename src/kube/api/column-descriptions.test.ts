import { describe, expect, it } from "vitest";
import { kinds, toTable } from "./index.ts";

/** Of these upstream says nothing. */
const SILENT: Record<string, string[]> = { RuntimeClass: ["Handler"] };

describe("columns", () => {
  it.each(kinds.map((kind) => [`${kind.group}/${kind.kind}`, kind] as const))(
    "of %s say what they show",
    (_, kind) => {
      const { columnDefinitions } = toTable(kind, [], { nowMs: 0 });
      const silent = columnDefinitions
        .filter(({ description }) => description === "")
        .map(({ name }) => name);
      expect(silent).toEqual(SILENT[kind.kind] ?? []);
    },
  );
});
