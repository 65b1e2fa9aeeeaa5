import { describe, expect, it } from "vitest";
import { protobuf } from "../../formats/index.ts";
import { HistoryRecord } from "../messages/control-messages.ts";
import { historyFilter } from "./history-filter.ts";

const NOW_MS = 1_000_000_000;

function record(fields: protobuf.Outgoing<typeof HistoryRecord>) {
  return protobuf.decode(HistoryRecord, protobuf.encode(HistoryRecord, fields));
}

const RECORD = record({
  ref: "abc",
  frontendAttrs: { "vcs:source": "https://example.com/app.git" },
  createdAt: { seconds: NOW_MS / 1000 - 3600, nanos: 0 },
  completedAt: { seconds: NOW_MS / 1000 - 3590, nanos: 0 },
  error: { code: 2, message: "x" },
});

describe("filters of the build history", () => {
  it.each([
    [[], true],
    [["ref==abc"], true],
    [["ref!=abc"], false],
    [["ref~=^a"], true],
    [["status==error"], true],
    [["status==completed"], false],
    [["status==completed", "status==error"], true],
    [["status==error,ref==other"], false],
    [["repository~=example.com"], true],
    [["startedAt>30m"], false],
    [["startedAt<30m"], true],
    [["completedAt>=1970-01-01T00:00:00Z"], true],
    [["duration>=10s"], true],
    [["duration<10s"], false],
  ])("%j fits: %s", (filters, fits) => {
    expect(historyFilter(filters, NOW_MS)(RECORD)).toBe(fits);
  });

  it("knows builds that run, are done or were cancelled", () => {
    const running = record({ ref: "r" });
    const done = record({ ref: "d", completedAt: { seconds: 1 } });
    const canceled = record({ ref: "c", completedAt: { seconds: 1 }, error: { code: 1 } });
    const states = ["running", "completed", "canceled"];
    for (const [at, one] of [running, done, canceled].entries()) {
      const found = states.filter((state) => historyFilter([`status==${state}`], NOW_MS)(one));
      expect(found).toEqual([states[at]]);
    }
  });

  it.each(["color==red", "ref", "startedAt>soon", "duration>soon"])("refuses %s", (filter) => {
    expect(() => historyFilter([filter], NOW_MS)).toThrow(
      /failed to parse history filters|invalid (time|duration)/,
    );
  });
});
