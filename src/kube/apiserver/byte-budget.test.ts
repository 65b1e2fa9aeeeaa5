import { expect, it } from "vitest";
import { ByteBudget } from "./byte-budget.ts";

it("holds so much of one user, and of all, and always the first of each", () => {
  const budget = new ByteBudget({ userBytes: 10, totalBytes: 25 });
  const giveBack = budget.take("a", 8);
  expect(() => budget.take("a", 3)).toThrow(/Too many requests/);
  budget.take("a", 2);
  budget.take("b", 10);
  budget.take("c", 100);
  expect(() => budget.take("c", 1)).toThrow(/Too many requests/);
  giveBack();
  expect(() => budget.take("a", 1)).toThrow(/Too many requests/);
  expect(() => budget.take("d", 1)).not.toThrow();
});
