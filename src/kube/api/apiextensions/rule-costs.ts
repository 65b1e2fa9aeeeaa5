import { forbidden } from "../field-error.ts";
import type { FieldError } from "../types.ts";

/** What one rule may cost, as often as it may be evaluated in one object. */
export const EXPRESSION_COST_LIMIT = 10_000_000;
/** What all rules of a schema may cost together. */
const SCHEMA_COST_LIMIT = 100_000_000;
/** Rules that take less of the limit than that are not named. */
const NAMED_SHARE = 0.01;
const MOST_NAMED = 4;

export const atMostUint64 = (value: number): number => Math.min(value, 2 ** 64);

/** The estimated costs of the rules in one schema (apiextensions TotalCost). */
export class RuleCosts {
  #total = 0;
  #mostExpensive: { path: string; cost: number }[] = [];

  add(path: string, cost: number): void {
    this.#total = atMostUint64(this.#total + cost);
    if (cost < SCHEMA_COST_LIMIT * NAMED_SHARE) return;
    const sorted = [...this.#mostExpensive, { path, cost }].sort((left, right) => right.cost - left.cost);
    this.#mostExpensive = sorted.slice(0, MOST_NAMED);
  }

  /** What is wrong if they are too much together; `path` is that of the schema. */
  errors(path: string): FieldError[] {
    if (this.#total <= SCHEMA_COST_LIMIT) return [];
    const why = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
    const name = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    return [
      ...this.#mostExpensive.map((one) => forbidden(one.path, why)),
      forbidden(path, exceeds(name, this.#total, SCHEMA_COST_LIMIT)),
    ];
  }
}

/** That something costs more than it may (getCostErrorMessage). */
export function exceeds(name: string, cost: number, limit: number): string {
  return `${name} exceeds budget by factor of ${factorText(cost / limit)} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

function factorText(factor: number): string {
  if (factor > 100) return "more than 100x";
  if (factor < 1.5) return `${factor.toFixed(6)}x`;
  // Go rounds what lies in the middle to the even digit.
  return `${(factor % 1 === 0.25 ? factor - 0.05 : factor).toFixed(1)}x`;
}
