import { Buffer } from "node:buffer";
import { isQualifiedName } from "../../../formats/index.ts";
import { eventColumns, eventFields, validateEvent } from "../core/event.ts";
import { invalid, invalidEach, required } from "../field-error.ts";
import type { Event, EventsV1Event } from "../generated/types.ts";
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
  selectableFields: (event) => {
    const fields = eventFields(toCoreEvent(event));
    const regarding = Object.entries(fields)
      .filter(([name]) => name.startsWith("involvedObject."))
      .map(([name, value]) => [name.replace("involvedObject", "regarding"), value]);
    return { ...fields, ...Object.fromEntries(regarding), reportingController: fields.reportingComponent! };
  },
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

const MAX_SHORT = 128;
const MAX_NOTE = 1024;

function validate(event: EventsV1Event): FieldError[] {
  const errors = validateEvent(toCoreEvent(event));
  if (!event.eventTime) errors.push(required("eventTime"));
  if (!event.reportingController) errors.push(required("reportingController"));
  else {
    const problems = isQualifiedName(event.reportingController);
    errors.push(...invalidEach("reportingController", event.reportingController, problems));
  }
  for (const field of ["reportingInstance", "action", "reason"] as const) {
    if (!event[field]) errors.push(required(field));
    else errors.push(...atMost(field, event[field], MAX_SHORT));
  }
  errors.push(...atMost("note", event.note ?? "", MAX_NOTE));
  if (event.type !== "Normal" && event.type !== "Warning") {
    errors.push(invalid("type", event.type ?? "", "has invalid value: " + (event.type ?? "")));
  }
  return errors;
}

function atMost(field: string, text: string, max: number): FieldError[] {
  return Buffer.byteLength(text) > max ? [invalid(field, "", `can have at most ${max} characters`)] : [];
}
