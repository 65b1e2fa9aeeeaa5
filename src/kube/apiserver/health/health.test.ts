import { describe, expect, it } from "vitest";
import { type Clock, createLogger, silentLogger, systemClock } from "../../../base/index.ts";
import { Health } from "./health.ts";

const nothing = new URLSearchParams();
const ping = { name: "ping", check: () => {} };

describe("Health", () => {
  it("names what failed, tells the log why, and leaves out what is excluded", async () => {
    const logged: string[] = [];
    const logger = createLogger((line) => logged.push(line));
    const broken = { name: "store", check: () => Promise.reject(new Error("it is gone")) };
    const health = new Health({ live: [ping], ready: [broken], logger, clock: systemClock });
    expect(await health.answer("/readyz", nothing)).toEqual({
      code: 500,
      text: "[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n",
    });
    expect(logged).toEqual([expect.stringMatching(/readyz check failed.*check="?store.*it is gone/)]);
    expect(await health.answer("/livez", nothing)).toEqual({ code: 200, text: "ok" });
    // Who may ask for one of them is told why.
    expect(await health.answer("/readyz/store", nothing)).toEqual({
      code: 500,
      text: "internal server error: it is gone\n",
    });
    expect(await health.answer("/readyz", new URLSearchParams("exclude=store"))).toMatchObject({ code: 200 });
    expect(await health.answer("/readyz/nothing", nothing)).toBeUndefined();
  });

  it("tells what was left out, and what could not be", async () => {
    const ready = [
      { name: "etcd", check: () => {} },
      { name: "poststarthook/rbac/bootstrap-roles", check: () => {} },
    ];
    const health = new Health({ live: [ping], ready, logger: silentLogger, clock: systemClock });
    expect(
      await health.answer("/readyz", new URLSearchParams("verbose&exclude=etcd&exclude=b&exclude=a")),
    ).toEqual({
      code: 200,
      text: `[+]ping ok
[+]etcd excluded: ok
[+]poststarthook/rbac/bootstrap-roles ok
warn: some health checks cannot be excluded: no matches for "a", "b"
readyz check passed
`,
    });
    expect(await health.answer("/readyz/poststarthook/rbac/bootstrap-roles", nothing)).toEqual({
      code: 200,
      text: "ok",
    });
    expect(await health.answer("/livez/etcd", nothing)).toBeUndefined();
    expect(health.slis.text()).toContain(
      'kubernetes_healthchecks_total{name="ping",status="success",type="readyz"} 1',
    );
    expect(health.slis.text()).toContain('kubernetes_healthcheck{name="ping",type="readyz"} 1');
    expect(health.slis.text()).not.toContain("etcd");
  });

  it("does not wait for checks that hang, not even one after the other", async () => {
    const timers: { delayMs: number; fire: () => void }[] = [];
    const clock: Clock = {
      ...systemClock,
      after(delayMs, fire) {
        timers.push({ delayMs, fire });
        return () => {};
      },
    };
    const hanging = (name: string) => ({ name, check: () => new Promise<void>(() => {}) });
    const health = new Health({
      live: [ping],
      ready: [hanging("store"), hanging("cache")],
      logger: silentLogger,
      clock,
    });
    const answer = health.answer("/readyz", nothing);
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([2000, 2000, 2000]);
    for (const { fire } of timers) fire();
    expect((await answer)?.text).toBe(
      "[+]ping ok\n[-]store failed: reason withheld\n[-]cache failed: reason withheld\nreadyz check failed\n",
    );
  });
});
