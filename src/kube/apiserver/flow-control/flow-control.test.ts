import { describe, expect, it } from "vitest";
import {
  FLOW_SCHEMAS,
  type FlowSchema,
  PRIORITY_LEVELS,
  type PriorityLevelConfiguration,
} from "../../api/index.ts";
import { parseRequest } from "../request-info.ts";
import { flowControlPage } from "./debug-pages.ts";
import { FlowControl } from "./flow-control.ts";
import { flowControlMetrics } from "./flow-metrics.ts";
import { EventClock } from "./testing/event-clock.ts";

const LEVELS = Object.values(PRIORITY_LEVELS).flat() as unknown as PriorityLevelConfiguration[];
const SCHEMAS = Object.values(FLOW_SCHEMAS).flat() as unknown as FlowSchema[];
const PODS = "/api/v1/namespaces/default/pods";

function start(serverLimit = 600) {
  const clock = new EventClock();
  const control = new FlowControl({ clock, serverLimit, requestTimeoutMs: 60_000, countObjects: () => 1 });
  const enter = (
    name: string,
    { groups = ["system:authenticated"], signal = new AbortController().signal } = {},
  ) => {
    const info = parseRequest("POST", PODS, new URLSearchParams());
    const user = { name, groups };
    const request = { info, user, params: new URLSearchParams(), bodyBytes: 10, signal };
    return control.enter(control.classify(info, user)!, request);
  };
  const classified = (path: string, name: string, ...groups: string[]) => {
    const [bare, query] = path.split("?");
    const info = parseRequest("GET", bare!, new URLSearchParams(query));
    return control.classify(info, { name, groups })?.schema.object.metadata.name;
  };
  const level = (name: string) => control.levels.find((one) => one.name === name)!;
  return { clock, control, enter, classified, level };
}

describe("of which FlowSchema a request is", () => {
  it.each([
    [PODS, "admin", ["system:masters", "system:authenticated"], "exempt"],
    [PODS, "ann", ["system:authenticated"], "global-default"],
    [PODS, "system:node:n", ["system:nodes", "system:authenticated"], "system-nodes"],
    ["/api/v1/nodes/n/status", "system:node:n", ["system:nodes", "system:authenticated"], "system-node-high"],
    [
      PODS,
      "system:serviceaccount:a:b",
      ["system:serviceaccounts", "system:authenticated"],
      "service-accounts",
    ],
    [PODS, "system:serviceaccount:kube-system:b", ["system:serviceaccounts"], "kube-system-service-accounts"],
    ["/healthz", "system:anonymous", ["system:unauthenticated"], "probes"],
    [PODS, "nobody", [], "catch-all"],
    [`${PODS}?watch=1`, "ann", ["system:authenticated"], "global-default"],
    [`${PODS}/p/log`, "ann", ["system:authenticated"], undefined],
    [`${PODS}/p/proxy/x`, "ann", ["system:authenticated"], undefined],
  ])("%s by %s", (path, name, groups, expected) => {
    const { control, classified } = start();
    control.configure(LEVELS, SCHEMAS);
    expect(classified(path, name, ...groups)).toBe(expected);
  });

  it("is the catch-all's before there are any, and administrators are exempt all the same", () => {
    const { classified, level } = start();
    expect(classified(PODS, "ann", "system:authenticated")).toBe("catch-all");
    expect(classified(PODS, "admin", "system:masters")).toBe("exempt");
    expect(level("catch-all").nominalLimit).toBe(600);
  });

  it("is that with the lowest precedence, and of two the first by name", () => {
    const { control, classified } = start();
    const everybody = SCHEMAS.find(({ metadata }) => metadata.name === "global-default")!;
    const like = (name: string, matchingPrecedence: number, to = "system") => ({
      ...everybody,
      metadata: { ...everybody.metadata, name },
      spec: { ...everybody.spec, matchingPrecedence, priorityLevelConfiguration: { name: to } },
    });
    control.configure(LEVELS, [
      ...SCHEMAS,
      like("b", 50),
      like("a", 50),
      like("c", 60),
      like("gone", 40, "none"),
    ]);
    expect(classified(PODS, "ann", "system:authenticated")).toBe("a");
  });
});

describe("the seats of the levels", () => {
  it("are divided by their shares, rounded up, and lent and borrowed within bounds", () => {
    const { control } = start();
    control.configure(LEVELS, SCHEMAS);
    const limits = control.levels.map((level) => [
      level.name,
      level.nominalLimit,
      level.minLimit,
      level.maxSeats,
    ]);
    expect(limits).toEqual([
      ["catch-all", 13, 13, 0],
      ["exempt", 0, 0, 0],
      ["global-default", 49, 24, 8],
      ["leader-election", 25, 25, 4],
      ["node-high", 98, 73, 15],
      ["system", 74, 50, 12],
      ["workload-high", 98, 49, 15],
      ["workload-low", 245, 24, 37],
    ]);
  });

  it("go to who needs them, and come back", async () => {
    const { control, clock, enter, level } = start();
    control.configure(LEVELS, SCHEMAS);
    const before = level("global-default").currentLimit;
    // 300 of many users: what there is no seat for waits.
    const entering = Array.from({ length: 300 }, (_, n) => enter(`user-${n}`));
    clock.run(10_000);
    control.adjust();
    expect(before).toBeLessThan(100);
    expect(level("global-default").currentLimit).toBeGreaterThan(250);
    for (const other of control.levels) expect(other.currentLimit).toBeGreaterThanOrEqual(other.minLimit);
    const limits = control.levels.map(({ currentLimit }) => currentLimit);
    expect(limits.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(610);
    for (const leave of await Promise.all(entering)) leave();
    for (let look = 0; look < 200; look++) {
      clock.run(10_000);
      control.adjust();
    }
    expect(level("global-default").currentLimit).toBeLessThan(100);
  });
});

describe("who is let in", () => {
  const ONE_SEAT = LEVELS.map((level) =>
    level.metadata.name === "global-default"
      ? {
          ...level,
          spec: {
            type: "Limited",
            limited: {
              nominalConcurrencyShares: 1,
              lendablePercent: 0,
              borrowingLimitPercent: 0,
              limitResponse: { type: "Queue", queuing: { queues: 1, handSize: 1, queueLengthLimit: 2 } },
            },
          },
        }
      : level,
  );

  it("waits for a seat, and is turned away where too many wait or it has waited for long", async () => {
    const { control, clock, enter, level } = start(10);
    control.configure(ONE_SEAT, SCHEMAS);
    expect(level("global-default").currentLimit).toBe(1);
    const leave = await enter("ann");
    const second = enter("ann");
    const third = enter("bob");
    await expect(enter("cid")).rejects.toMatchObject({
      message: "Too many requests, please try again later.",
      status: { code: 429, details: { retryAfterSeconds: 1 } },
    });
    expect(control.inFlight).toEqual({
      executing: { reading: 0, mutating: 1 },
      waiting: { reading: 0, mutating: 2 },
    });
    const page = flowControlPage(
      control,
      "/debug/api_priority_and_fairness/dump_priority_levels",
      new URLSearchParams(),
    );
    expect(
      page!
        .split("\n")
        .find((row) => row.startsWith("global-default"))!
        .split(/, +/),
    ).toEqual(["global-default", 1, false, false, 2, 1, 1, 1, 0, 0].map(String));
    leave();
    (await second)();
    const last = await third;
    const late = expect(enter("dan")).rejects.toMatchObject({ reason: "TooManyRequests" });
    clock.run(14_999);
    expect(control.inFlight.waiting.mutating).toBe(1);
    clock.run(1);
    await late;
    last();
    last();
    expect(level("global-default").queueSet).toMatchObject({ isIdle: true, seatsInUse: 0, dispatched: 3 });
    const text = flowControlMetrics(control).join("\n");
    const labels = 'priority_level="global-default",flow_schema="global-default"';
    expect(text).toContain(`apiserver_flowcontrol_dispatched_requests_total{${labels}} 3`);
    expect(text).toContain(`apiserver_flowcontrol_rejected_requests_total{${labels},reason="queue-full"} 1`);
    expect(text).toContain(`apiserver_flowcontrol_rejected_requests_total{${labels},reason="time-out"} 1`);
    expect(text).toContain(
      `apiserver_flowcontrol_request_wait_duration_seconds_count{${labels},execute="true"} 4`,
    );
    expect(text).toContain(
      `apiserver_flowcontrol_request_wait_duration_seconds_count{${labels},execute="false"} 1`,
    );
  });

  it("goes on waiting at a level that is deleted, which ends after it", async () => {
    const { control, enter, level } = start(10);
    control.configure(ONE_SEAT, SCHEMAS);
    let drained = 0;
    control.onDrained = () => drained++;
    const leave = await enter("ann");
    const second = enter("bob");
    const left = ONE_SEAT.filter(({ metadata }) => metadata.name !== "global-default");
    control.configure(left, SCHEMAS);
    expect(level("global-default")).toMatchObject({ isQuiescing: true });
    expect(
      control.classify(parseRequest("POST", PODS, new URLSearchParams()), {
        name: "ann",
        groups: ["system:authenticated"],
      })!.level.name,
    ).toBe("catch-all");
    leave();
    (await second)();
    expect(drained).toBe(1);
    control.configure(left, SCHEMAS);
    expect(level("global-default")).toBeUndefined();
  });

  it("is classed anew where its level has ended while its body came", async () => {
    const { control } = start(10);
    control.configure(LEVELS, SCHEMAS);
    const info = parseRequest("POST", PODS, new URLSearchParams());
    const user = { name: "ann", groups: ["system:authenticated"] };
    const classified = control.classify(info, user)!;
    control.configure([], []);
    const { signal } = new AbortController();
    await control.enter(classified, { info, user, params: new URLSearchParams(), bodyBytes: 0, signal });
    expect(control.levels.find(({ name }) => name === "catch-all")!.queueSet.executing).toBe(1);
  });
});
