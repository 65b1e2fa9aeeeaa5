import { GATEWAY_CONTROLLER } from "../names.ts";
import { type Verdict, withVerdicts } from "./conditions.ts";
import { GATEWAY_GROUP } from "./gateway-kinds.ts";
import type { Condition, ParentReference } from "./gateway-types.ts";

/** What this controller says of an object under one of its parents. */
export interface ParentVerdicts {
  readonly parentRef: ParentReference;
  readonly verdicts: readonly Verdict[];
}

interface Entry {
  controllerName: string;
  conditions: Condition[];
}

/**
 * Puts this controller's entries in the place of those that it had; those of others stay. `field` is what names the parent in an
 * entry: routes say `parentRef`, policies `ancestorRef`.
 */
export function withParents<T extends Entry>(
  known: readonly T[] | undefined,
  field: "parentRef" | "ancestorRef",
  parents: readonly ParentVerdicts[],
  at: { generation: number; now: string },
): T[] {
  const others = (known ?? []).filter((one) => one.controllerName !== GATEWAY_CONTROLLER);
  const own = (known ?? []).filter((one) => one.controllerName === GATEWAY_CONTROLLER);
  const next = parents.map(({ parentRef, verdicts }) => {
    const before = own.find((one) => {
      const other = (one as Partial<Record<typeof field, ParentReference>>)[field];
      return other !== undefined && textOf(other) === textOf(parentRef);
    });
    // A flaw that is gone is told by its absence.
    const conditions = withVerdicts(
      before?.conditions.filter(
        ({ type }) => type !== "PartiallyInvalid" || verdicts.some((one) => one.type === type),
      ),
      verdicts,
      at,
    );
    return { [field]: parentRef, controllerName: GATEWAY_CONTROLLER, conditions } as unknown as T;
  });
  return [...others, ...next];
}

/** The same for the same parent, whatever the server has filled in. */
function textOf({ group, kind, namespace, name, sectionName, port }: ParentReference): string {
  return JSON.stringify([group ?? GATEWAY_GROUP, kind ?? "Gateway", namespace, name, sectionName, port]);
}
