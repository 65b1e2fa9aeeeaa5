import { expect, it } from "vitest";
import { tabTable } from "./tab-table.ts";

it("sets each column as wide as its widest cell", () => {
  const rows = [
    ["Name", "ActiveQueues", "Last"],
    ["a-long-name", "", "x"],
  ];
  expect(tabTable(rows)).toBe("Name,        ActiveQueues, Last\na-long-name, ,             x\n");
  expect(tabTable([["a", "b"]])).toBe("a,      b\n");
});
