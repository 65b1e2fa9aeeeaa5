import { describe, expect, it } from "vitest";
import { eventsV1Events, fromCoreEvent, toCoreEvent } from "../events/event.ts";
import type { Event } from "../generated/types.ts";
import { toTable } from "../table.ts";
import { events } from "./event.ts";

const event = {
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: "web.1", namespace: "default", uid: "", resourceVersion: "1", creationTimestamp: null },
  involvedObject: { kind: "Pod", name: "web", namespace: "default", fieldPath: "spec.containers{a}" },
  type: "Warning",
  reason: "BackOff",
  message: "Back-off restarting failed container ",
  source: { component: "kubelet", host: "n1" },
  firstTimestamp: "2024-05-01T11:00:00Z",
  lastTimestamp: "2024-05-01T11:58:00Z",
  count: 7,
} as Event;
const options = { nowMs: Date.parse("2024-05-01T12:00:00Z") };
const expected = [
  "2m",
  "Warning",
  "BackOff",
  "pod/web",
  "spec.containers{a}",
  "kubelet, n1",
  "Back-off restarting failed container",
  "60m",
  7,
  "web.1",
];

describe("events", () => {
  it("show their rows in both views", () => {
    expect(toTable(events, [event], options).rows[0]!.cells).toEqual(expected);
    expect(toTable(eventsV1Events, [fromCoreEvent(event)], options).rows[0]!.cells).toEqual(expected);
  });

  it("show events of the new API, which have neither count nor times of old", () => {
    const { firstTimestamp: _, lastTimestamp: __, count: ___, source: ____, ...rest } = event;
    const modern = {
      ...rest,
      eventTime: "2024-05-01T11:59:30.000000Z",
      reportingComponent: "scheduler",
    } as Event;
    const cells = toTable(events, [modern], options).rows[0]!.cells;
    expect([cells[0], cells[5], cells[7], cells[8]]).toEqual(["30s", "scheduler", "30s", 1]);
  });

  it("convert to the other view and back", () => {
    const view = fromCoreEvent(event);
    expect(view).toMatchObject({
      apiVersion: "events.k8s.io/v1",
      note: event.message,
      regarding: event.involvedObject,
      deprecatedCount: 7,
    });
    expect(toCoreEvent(view)).toEqual(event);
    const fields = eventsV1Events.selectableFields!(view);
    expect(fields).toMatchObject({ "regarding.name": "web", type: "Warning" });
    expect(fields).not.toHaveProperty("involvedObject.name");
  });

  it("must live where their object lives", () => {
    const stray = { ...event, involvedObject: { ...event.involvedObject, namespace: "other" } };
    expect(events.validate!(stray)).toMatchObject([
      {
        field: "involvedObject.namespace",
        message: 'Invalid value: "other": does not match event.namespace',
      },
    ]);
  });
});
