import { describe, expect, it } from "vitest";
import { levelVersionText } from "./level.ts";
import { MODES, PREFIX, PRIVILEGED_POLICY, policyOf } from "./policy.ts";

type Row = [labels: Record<string, string>, policy: string, errors?: string[]];

const ROWS: Row[] = [
  [{}, "privileged:latest privileged:latest privileged:latest"],
  [{ enforce: "restricted" }, "restricted:latest privileged:latest restricted:latest"],
  [{ enforce: "baseline", "enforce-version": "v1.20" }, "baseline:v1.20 privileged:latest baseline:v1.20"],
  [
    { enforce: "baseline", "enforce-version": "v1.20", "warn-version": "v1.30" },
    "baseline:v1.20 privileged:latest baseline:v1.30",
  ],
  [{ enforce: "baseline", warn: "privileged" }, "baseline:latest privileged:latest privileged:latest"],
  [{ audit: "baseline", "audit-version": "latest" }, "privileged:latest baseline:latest privileged:latest"],
  [
    { enforce: "strict", audit: "", warn: "x" },
    "restricted:latest privileged:latest privileged:latest",
    ['enforce: "strict"', 'audit: ""', 'warn: "x"'],
  ],
  [
    { enforce: "baseline", "enforce-version": "v1.01" },
    "baseline:latest privileged:latest baseline:latest",
    ['enforce-version: "v1.01"'],
  ],
  [
    { "warn-version": "v2.0" },
    "privileged:latest privileged:latest privileged:latest",
    ['warn-version: "v2.0"'],
  ],
];

const WHY: Record<string, string> = {
  level: "must be one of privileged, baseline, restricted",
  version: 'must be "latest" or "v1.x"',
};

describe("the policy of a namespace", () => {
  it.each(ROWS)("of %j is %s", (written, policy, errors = []) => {
    const labels = Object.fromEntries(Object.entries(written).map(([key, value]) => [PREFIX + key, value]));
    const found = policyOf(labels, PRIVILEGED_POLICY);
    expect(MODES.map((mode) => levelVersionText(found.policy[mode])).join(" ")).toBe(policy);
    expect(found.errors.map(({ field, message }) => `${field}: ${message}`)).toEqual(
      errors.map((text) => {
        const [label = "", value] = text.split(": ");
        const why = WHY[label.includes("version") ? "version" : "level"];
        return `metadata.labels[${PREFIX}${label}]: Invalid value: ${value}: ${why}`;
      }),
    );
  });

  it("takes what labels do not say from the defaults", () => {
    const defaults = { ...PRIVILEGED_POLICY, enforce: { level: "baseline" as const, version: 25 } };
    const { policy } = policyOf({ [`${PREFIX}enforce-version`]: "v1.26" }, defaults);
    expect(policy).toEqual({ ...PRIVILEGED_POLICY, enforce: { level: "baseline", version: 26 } });
  });
});
