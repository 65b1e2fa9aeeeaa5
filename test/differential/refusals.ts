import { readFileSync } from "node:fs";
import { type Difference, type Exception, type Judged, judge } from "./compare.ts";
import type { Recorded } from "./scenario.ts";

/** Step -> status and message, of all that moby 28.2.2 refused when it was asked in version 1.50. Recorded once. */
const MOBY_28 = new URL("./refusals-28.json", import.meta.url);

export function refusalsOf(recorded: readonly Recorded[]): Record<string, string> {
  const refused = recorded.filter(({ answer }) => answer.status >= 400 || answer.status === 0);
  return Object.fromEntries(
    refused.map(({ step, answer }) => {
      const { message } = (answer.body ?? {}) as { message?: string };
      return [step, `${answer.status} ${message ?? ""}`.trim()];
    }),
  );
}

const recordedRefusals = () => JSON.parse(readFileSync(MOBY_28, "utf8")) as Record<string, string>;

/** Differences of an older dockerd's, without those in which the newer one agrees with us: the newer one decides. */
export function undecided(found: readonly Difference[], ours: readonly Recorded[]): Difference[] {
  const newer = recordedRefusals();
  const our = refusalsOf(ours);
  return found.filter(
    ({ step, path }) => !["status", "body.message", "body"].includes(path) || newer[step] !== our[step],
  );
}

/** Refusals that are moby's alone, ours alone, or have another status or text. */
export function refusalDifferences(ours: readonly Recorded[], exceptions: readonly Exception[]): Judged {
  const original = recordedRefusals();
  const our = refusalsOf(ours);
  const asked = new Set(ours.map(({ step }) => step));
  const steps = new Set([...Object.keys(original).filter((step) => asked.has(step)), ...Object.keys(our)]);
  const found = [...steps]
    .filter((step) => original[step] !== our[step])
    .map((step) => ({ step, path: "refusal", original: original[step], ours: our[step] }));
  return judge(found, exceptions);
}
