import { Buffer } from "node:buffer";
import { isDns1123Subdomain, isQualifiedName } from "../../../formats/index.ts";
import { textColumn } from "../columns.ts";
import { invalid, invalidEach, required } from "../field-error.ts";
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
  // Names of this old kind are not looked at; they only must fit into a path.
  nameValidation: "pathSegment",
  validate,
  selectableFields: eventFields,
  expires: true,
  columns: eventColumns((event) => event),
};

const MAX_SHORT = 128;
const MAX_NOTE = 1024;

function validate(event: Event): FieldError[] {
  return validateEvent(event, "reportingComponent");
}

/**
 * What both views check (upstream legacyValidateEvent): an event lives where its object lives; one with a time of its own is of
 * the new form and says who reports it, and what was done.
 */
export function validateEvent(event: Event, reporterField: string): FieldError[] {
  const errors = event.eventTime
    ? [...validateNamespaceOfNew(event), ...validateReport(event, reporterField)]
    : validateNamespaceOfOld(event);
  const namespace = event.metadata.namespace ?? "";
  return [...errors, ...invalidEach("namespace", namespace, isDns1123Subdomain(namespace))];
}

const elsewhere = (about: string) =>
  invalid("involvedObject.namespace", about, "does not match event.namespace");

function validateNamespaceOfOld({ involvedObject, metadata }: Event): FieldError[] {
  const about = involvedObject?.namespace ?? "";
  const own = metadata.namespace ?? "";
  const isHere = about === "" ? own === "" || own === "default" : about === own;
  return isHere ? [] : [elsewhere(about)];
}

function validateNamespaceOfNew({ involvedObject, metadata }: Event): FieldError[] {
  const own = metadata.namespace ?? "";
  if (involvedObject?.namespace || own === "default" || own === "kube-system") return [];
  return [elsewhere("")];
}

function validateReport(event: Event, reporterField: string): FieldError[] {
  const { reportingComponent = "", reportingInstance, action, reason, message } = event;
  return [
    ...(reportingComponent ? [] : [required(reporterField)]),
    ...invalidEach(reporterField, reportingComponent, isQualifiedName(reportingComponent)),
    ...validateText("reportingInstance", reportingInstance),
    ...validateText("action", action),
    ...validateText("reason", reason),
    ...atMost("message", message ?? "", MAX_NOTE),
  ];
}

function validateText(field: string, text: string | undefined): FieldError[] {
  return text ? atMost(field, text, MAX_SHORT) : [required(field)];
}

function atMost(field: string, text: string, max: number): FieldError[] {
  return Buffer.byteLength(text) > max ? [invalid(field, "", `can have at most ${max} characters`)] : [];
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
    reportingComponent: event.reportingComponent ?? "",
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
