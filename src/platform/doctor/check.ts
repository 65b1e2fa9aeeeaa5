import { errorMessage, isGantryError } from "../../base/index.ts";
import type { Finding } from "../../cli/index.ts";

/** One thing that is looked at. It leaves the machine as it was. */
export interface Check {
  name: string;
  /** What it returns is told under the check's name, if it has none of its own; what it throws is a failure. */
  look(): Outcome | Outcome[] | Promise<Outcome | Outcome[]>;
}

export type Outcome = Omit<Finding, "name"> & { name?: string };

export const ok = (text: string): Outcome => ({ state: "ok", text });
export const warning = (text: string, hint?: string): Outcome => ({
  state: "warning",
  text,
  ...(hint ? { hint } : {}),
});
export const failure = (text: string, hint?: string): Outcome => ({
  state: "failure",
  text,
  ...(hint ? { hint } : {}),
});

/** Looks at everything, one after the other: what one of them tries must not be in the way of another. */
export async function runChecks(checks: readonly Check[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    const outcomes = await lookAt(check);
    findings.push(...[outcomes].flat().map((outcome) => ({ name: check.name, ...outcome })));
  }
  return findings;
}

async function lookAt(check: Check): Promise<Outcome | Outcome[]> {
  try {
    return await check.look();
  } catch (error) {
    return failure(errorMessage(error), isGantryError(error) ? error.hint : undefined);
  }
}
