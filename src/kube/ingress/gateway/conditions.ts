import type { Condition } from "./gateway-types.ts";

/** A condition without its time. */
export type Verdict = Pick<Condition, "type" | "status" | "reason" | "message">;

export const verdict = (type: string, isTrue: boolean, reason: string, message: string): Verdict => ({
  type,
  status: isTrue ? "True" : "False",
  reason,
  message,
});

/** Puts verdicts in the place of conditions of their types; others stay. A time is that of the last change of the status. */
export function withVerdicts(
  known: readonly Condition[] | undefined,
  verdicts: readonly Verdict[],
  { generation, now }: { generation: number; now: string },
): Condition[] {
  const types = new Set(verdicts.map(({ type }) => type));
  const next = verdicts.map((one): Condition => {
    const before = known?.find(({ type }) => type === one.type);
    const lastTransitionTime = before?.status === one.status ? before.lastTransitionTime : now;
    return { ...one, observedGeneration: generation, lastTransitionTime };
  });
  // What CRDs put there at first ("Waiting for controller") is taken over, too, by the same types.
  return [...(known ?? []).filter(({ type }) => !types.has(type)), ...next];
}
