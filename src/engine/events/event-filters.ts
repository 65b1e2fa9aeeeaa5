import { matchesExactly, matchesLabels } from "../filter-match.ts";
import type { EngineEvent, Filters } from "../types.ts";

/** Docker's filters of the event stream: all names must fit, any value of a name will do. */
export function matchesEventFilters(event: EngineEvent, filters: Filters): boolean {
  return (
    matchesAction(event, filters.event) &&
    matchesExactly(filters, "type", event.Type) &&
    matchesExactly(filters, "scope", event.scope) &&
    matchesActor(event, "container", filters.container) &&
    matchesActor(event, "volume", filters.volume) &&
    matchesActor(event, "network", filters.network) &&
    matchesImage(event, filters.image) &&
    (!filters.daemon?.length || event.Type === "daemon") &&
    matchesLabels(filters.label, event.Actor.Attributes)
  );
}

/** `exec_create: sh` and `health_status: healthy` are also found by what stands before the colon. */
function matchesAction(event: EngineEvent, wanted: readonly string[] | undefined): boolean {
  if (!wanted?.length) return true;
  return wanted.some((action) => event.Action === action || event.Action.startsWith(`${action}:`));
}

function matchesActor(event: EngineEvent, type: string, wanted: readonly string[] | undefined): boolean {
  if (!wanted?.length) return true;
  const { ID, Attributes } = event.Actor;
  const names = event.Type === type ? [ID, Attributes.name] : [Attributes[type]];
  return wanted.some((value) =>
    names.some((name) => name === value || (value.length >= 4 && name?.startsWith(value))),
  );
}

function matchesImage(event: EngineEvent, wanted: readonly string[] | undefined): boolean {
  if (!wanted?.length) return true;
  const { ID, Attributes } = event.Actor;
  const names = event.Type === "image" ? [ID, Attributes.name] : [Attributes.image];
  return wanted.some((value) => names.some((name) => name === value || name?.split(":")[0] === value));
}
