import { textColumn } from "../columns.ts";
import { invalid } from "../field-error.ts";
import type { Event } from "../generated/types.ts";
import { ageOf } from "../meta/age.ts";
import type { FieldError, KindDefinition, TableColumn } from "../types.ts";

export const events: KindDefinition<Event> = {
  group: "",
  version: "v1",
  kind: "Event",
  resource: "events",
  singular: "event",
  shortNames: ["ev"],
  namespaced: true,
  model: "io.k8s.api.core.v1.Event",
  hasStatus: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  validate: validateEvent,
  selectableFields: eventFields,
  columns: eventColumns((event) => event),
};

/** The object that an event speaks of must live where the event lives (upstream legacyValidateEvent). */
export function validateEvent(event: Event): FieldError[] {
  const about = event.involvedObject?.namespace ?? "";
  const own = event.metadata.namespace ?? "";
  const matches = about === "" ? ["", "default", "kube-system"].includes(own) : about === own;
  return matches ? [] : [invalid("involvedObject.namespace", about, "does not match event.namespace")];
}

export function eventFields(event: Event): Record<string, string> {
  const about = event.involvedObject ?? {};
  return {
    "involvedObject.kind": about.kind ?? "",
    "involvedObject.namespace": about.namespace ?? "",
    "involvedObject.name": about.name ?? "",
    "involvedObject.uid": about.uid ?? "",
    "involvedObject.apiVersion": about.apiVersion ?? "",
    "involvedObject.resourceVersion": about.resourceVersion ?? "",
    "involvedObject.fieldPath": about.fieldPath ?? "",
    reason: event.reason ?? "",
    reportingComponent: event.reportingComponent || event.source?.component || "",
    source: event.source?.component || event.reportingComponent || "",
    type: event.type ?? "",
  };
}

/** The table of events, for either of their two views. */
// biome-ignore lint/suspicious/noExplicitAny: cells are of the kind that asks
export function eventColumns(toCore: (object: any) => Event): TableColumn[] {
  return [
    textColumn("Last Seen", (object, { nowMs }) => lastSeen(toCore(object), nowMs)),
    textColumn("Type", (object) => toCore(object).type ?? ""),
    textColumn("Reason", (object) => toCore(object).reason ?? ""),
    textColumn("Object", (object) => aboutText(toCore(object))),
    textColumn("Subobject", (object) => toCore(object).involvedObject?.fieldPath ?? "", { wide: true }),
    textColumn("Source", (object) => sourceText(toCore(object)), { wide: true }),
    textColumn("Message", (object) => (toCore(object).message ?? "").trim()),
    textColumn("First Seen", (object, { nowMs }) => firstSeen(toCore(object), nowMs), { wide: true }),
    textColumn("Count", (object) => countOf(toCore(object)), { wide: true }),
    { name: "Name", type: "string", format: "name", priority: 1, cell: (object) => object.metadata.name },
  ];
}

function firstSeen(event: Event, nowMs: number): string {
  return ageOf(event.firstTimestamp ?? event.eventTime, nowMs);
}

function lastSeen(event: Event, nowMs: number): string {
  if (event.series !== undefined) return ageOf(event.series.lastObservedTime, nowMs);
  return event.lastTimestamp ? ageOf(event.lastTimestamp, nowMs) : firstSeen(event, nowMs);
}

/** Events of the new API that happened once carry no count. */
function countOf(event: Event): number {
  return event.series?.count ?? (event.count || 1);
}

function aboutText({ involvedObject: about }: Event): string {
  const kind = (about?.kind ?? "").toLowerCase();
  return about?.name ? `${kind}/${about.name}` : kind;
}

function sourceText(event: Event): string {
  const component = event.source?.component || event.reportingComponent || "";
  const instance = event.source?.host || event.reportingInstance || "";
  return instance === "" ? component : `${component}, ${instance}`;
}
