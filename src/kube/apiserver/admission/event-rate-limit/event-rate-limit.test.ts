import { afterEach, describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../../../base/index.ts";
import { events } from "../../../api/index.ts";
import { admitted } from "../../testing/admitted.ts";
import { startTestServer, type TestServer } from "../../testing/start-test-server.ts";
import { eventRateLimit } from "./event-rate-limit.ts";
import { type EventLimit, readEventLimits } from "./read-configuration.ts";

const HEAD = "apiVersion: eventratelimit.admission.k8s.io/v1alpha1\nkind: Configuration\n";

describe("rates of events", () => {
  let nowMs = 0;
  const clock: Clock = Object.assign(Object.create(systemClock), { monotonicMs: () => nowMs });
  const limit = (type: EventLimit["type"], cacheSize = 10): EventLimit => ({
    type,
    qps: 1,
    burst: 2,
    cacheSize,
  });
  const event = (host = "h", uid = "1") => ({
    metadata: { name: "e", namespace: "n" },
    source: { component: "c", host },
    involvedObject: { kind: "Pod", namespace: "n", name: "p", uid, apiVersion: "v1" },
  });
  const send = async (plugin: ReturnType<typeof eventRateLimit>, more: object = {}) =>
    (await admitted(plugin, { resource: "events", object: event(), ...more })).refused;

  it("let a burst through, and then so many a second", async () => {
    const plugin = eventRateLimit([limit("Server")], clock);
    expect([await send(plugin), await send(plugin)]).toEqual([undefined, undefined]);
    expect(await send(plugin)).toBe("429 TooManyRequests limit reached on type Server for key ");
    expect(await send(plugin, { dryRun: true })).toBeUndefined();
    nowMs += 1000;
    expect(await send(plugin)).toBeUndefined();
    expect(await send(plugin)).toContain("429");
  });

  it.each<[EventLimit["type"], object, string]>([
    ["Namespace", { namespace: "other" }, "n"],
    ["User", { user: { name: "bob", groups: [] } }, "ada"],
    ["SourceAndObject", { object: event("other") }, "chPodnp1v1"],
    ["SourceAndObject", { object: event("h", "2") }, "chPodnp1v1"],
  ])("are counted for each %s", async (type, another, key) => {
    const plugin = eventRateLimit([limit(type)], clock);
    const user = { name: "ada", groups: [] };
    for (const _ of [1, 2]) expect(await send(plugin, { user })).toBeUndefined();
    expect(await send(plugin, { user })).toBe(
      `429 TooManyRequests limit reached on type ${type} for key ${key}`,
    );
    expect(await send(plugin, { user, ...another })).toBeUndefined();
  });

  it("are all told of, and begin anew for whom there is no room", async () => {
    const both = eventRateLimit([limit("Server"), limit("Namespace")], clock);
    for (const _ of [1, 2]) await send(both);
    expect(await send(both)).toBe(
      "429 TooManyRequests [limit reached on type Server for key , limit reached on type Namespace for key n]",
    );
    const small = eventRateLimit([limit("Namespace", 1)], clock);
    for (const _ of [1, 2]) await send(small);
    await send(small, { namespace: "other" });
    expect(await send(small)).toBeUndefined();
  });

  it.each([
    [undefined, "limits: Invalid value: []eventratelimit.Limit{}: must not be empty"],
    [
      `${HEAD}limits: [{type: X}, {type: User, qps: 1, burst: 1, cacheSize: -1}]`,
      '[limits[0].type: Unsupported value: "X": supported values: "Namespace", "Server", "SourceAndObject", "User", limits[0].burst: Invalid value: 0: must be positive, limits[0].qps: Invalid value: 0: must be positive, limits[1].cacheSize: Invalid value: -1: must not be negative]',
    ],
  ])("%j is no configuration", (text, problem) => {
    expect(() => readEventLimits(text)).toThrow(problem);
  });

  describe("of a server", () => {
    let server: TestServer;
    afterEach(() => server.stop());

    it("hold for its clients", async () => {
      const eventLimits = readEventLimits(`${HEAD}limits: [{type: Server, qps: 1, burst: 1}]`);
      server = await startTestServer({ admissionPlugins: { enable: ["EventRateLimit"], eventLimits } });
      const create = (name: string) =>
        server.client.create(events, {
          metadata: { name, namespace: "default" },
          involvedObject: { namespace: "default" },
        });
      await create("a");
      await expect(create("b")).rejects.toMatchObject({ message: "limit reached on type Server for key " });
    });
  });
});
