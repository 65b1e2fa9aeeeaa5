import { jsonEquals } from "../../../formats/index.ts";
import { eventColumns, eventFields, validateEvent } from "../core/event.ts";
import { IMMUTABLE, invalid, required } from "../field-error.ts";
import type { Event, EventsV1Event } from "../generated/types.ts";
import { goObjectReference, goStruct, goTime } from "../go-value.ts";
import type { FieldError, KindDefinition, KubeObject } from "../types.ts";

/** The newer view of core/v1 events; one object, stored once, in the core form. */
export const eventsV1Events: KindDefinition<EventsV1Event> = {
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  resource: "events",
  singular: "event",
  shortNames: ["ev"],
  namespaced: true,
  model: "io.k8s.api.events.v1.Event",
  hasStatus: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  storedAs: {
    group: "",
    version: "v1",
    resource: "events",
    toStored: toCoreEvent,
    fromStored: fromCoreEvent,
  },
  validate,
  validateUpdate,
  selectableFields: (event) => {
    const { reason, type, reportingComponent, ...fields } = eventFields(toCoreEvent(event));
    const regarding = Object.entries(fields)
      .filter(([name]) => name.startsWith("involvedObject."))
      .map(([name, value]) => [name.replace("involvedObject", "regarding"), value]);
    return {
      ...Object.fromEntries(regarding),
      reason: reason!,
      reportingController: reportingComponent!,
      type: type!,
    };
  },
  expires: true,
  columns: eventColumns(toCoreEvent),
};

/** Core name of each field that is named otherwise in the newer view. */
const CORE_NAMES: Record<string, string> = {
  note: "message",
  regarding: "involvedObject",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
};
const NEW_NAMES = Object.fromEntries(Object.entries(CORE_NAMES).map(([name, core]) => [core, name]));

function renamed(object: object, names: Record<string, string>, apiVersion: string): object {
  const entries = Object.entries(object).map(([key, value]) => [names[key] ?? key, value]);
  return { ...Object.fromEntries(entries), apiVersion };
}

export function toCoreEvent(event: EventsV1Event): Event {
  return { involvedObject: {}, ...renamed(event, CORE_NAMES, "v1") } as Event;
}

export function fromCoreEvent(event: KubeObject): EventsV1Event {
  return renamed(event, NEW_NAMES, "events.k8s.io/v1") as EventsV1Event;
}

const TYPES = ["Normal", "Warning"];

/** What the newer view asks of a new event; upstream speaks of its fields by their core names. */
function validate(event: EventsV1Event): FieldError[] {
  const core = toCoreEvent(event);
  const errors = validateEvent(core, "reportingController");
  // An update of an old event is not held to the form of new ones.
  if (event.metadata.resourceVersion) return errors;
  errors.push(...validateSeries(core));
  if (!core.eventTime) errors.push(required("eventTime"));
  if (!TYPES.includes(core.type ?? ""))
    errors.push(invalid("type", "", `has invalid value: ${core.type ?? ""}`));
  const { firstTimestamp, lastTimestamp, count, source } = core;
  const old = { firstTimestamp, lastTimestamp, count, source: source?.component || source?.host };
  for (const [field, value] of Object.entries(old))
    if (value) errors.push(invalid(field, "", "needs to be unset"));
  return errors;
}

function validateSeries({ series }: Event): FieldError[] {
  if (series === undefined) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(invalid("series.count", "", "should be at least 2"));
  if (!series.lastObservedTime) errors.push(required("series.lastObservedTime"));
  return errors;
}

/** Fields that say what happened, with the way in which Go prints them; only the series goes on. */
const FIXED: readonly [field: keyof Event & string, name: string, print: (event: Event) => unknown][] = [
  ["involvedObject", "involvedObject", (event) => goObjectReference(event.involvedObject)],
  ["reason", "reason", (event) => event.reason ?? ""],
  ["message", "message", (event) => event.message ?? ""],
  ["source", "source", (event) => goSource(event.source)],
  ["firstTimestamp", "firstTimestamp", (event) => goTime(event.firstTimestamp)],
  ["lastTimestamp", "lastTimestamp", (event) => goTime(event.lastTimestamp)],
  ["count", "count", (event) => event.count ?? 0],
  // Upstream looks at the reason twice.
  ["reason", "reason", (event) => event.reason ?? ""],
  ["type", "type", (event) => event.type ?? ""],
  ["eventTime", "eventTime", (event) => goTime(event.eventTime)],
  ["action", "action", (event) => event.action ?? ""],
  ["related", "related", (event) => event.related && goObjectReference(event.related)],
  ["reportingComponent", "reportingController", (event) => event.reportingComponent ?? ""],
  ["reportingInstance", "reportingInstance", (event) => event.reportingInstance ?? ""],
];

const goSource = (source: Event["source"]) =>
  goStruct("core.EventSource", { Component: source?.component ?? "", Host: source?.host ?? "" });

function validateUpdate(next: EventsV1Event, previous: EventsV1Event): FieldError[] {
  const [now, before] = [toCoreEvent(next), toCoreEvent(previous)];
  const errors = jsonEquals(now.series, before.series) ? [] : validateSeries(now);
  for (const [field, name, print] of FIXED) {
    if (jsonEquals(now[field] ?? null, before[field] ?? null)) continue;
    errors.push(invalid(name, print(now), IMMUTABLE));
  }
  return errors;
}
