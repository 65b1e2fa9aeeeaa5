import { describe, expect, it } from "vitest";
import { InFlightLimits } from "./in-flight.ts";
import { parseRequest } from "./request-info.ts";

const write = parseRequest("POST", "/api/v1/namespaces/default/pods", new URLSearchParams());
const read = parseRequest("GET", "/api/v1/namespaces/default/pods", new URLSearchParams());
const watch = parseRequest("GET", "/api/v1/pods", new URLSearchParams("watch=1"));
const user = (name: string, ...groups: string[]) => ({ name, groups });

/** How many places a user gets. */
function fill(limits: InFlightLimits, name: string, info = write): (() => void)[] {
  const ways: (() => void)[] = [];
  try {
    for (;;) ways.push(limits.enter(info, user(name)));
  } catch {
    return ways;
  }
}

describe("the places of requests that are worked on", () => {
  it("are not all one user's, nor two's", () => {
    const limits = new InFlightLimits({ reading: 400, mutating: 200 });
    expect(fill(limits, "a")).toHaveLength(100);
    expect(fill(limits, "b")).toHaveLength(66);
    expect(fill(limits, "c").length).toBeGreaterThan(20);
    expect(fill(limits, "a")).toHaveLength(0);
  });

  it("of writes are not those of reads, and watches have none", () => {
    const limits = new InFlightLimits({ reading: 4, mutating: 2 });
    fill(limits, "a");
    expect(fill(limits, "a", read)).toHaveLength(2);
    for (let n = 0; n < 10; n++) limits.enter(watch, user("a"));
    expect(limits.current).toEqual({ reading: 2, mutating: 1 });
  });

  it("are given back, and never missing to administrators", () => {
    const limits = new InFlightLimits({ reading: 4, mutating: 2 });
    const ways = fill(limits, "a");
    expect(() => limits.enter(write, user("root", "system:masters"))).not.toThrow();
    expect(() => limits.enter(write, user("b"))).toThrow(/Too many requests/);
    for (const leave of ways) leave();
    expect(() => limits.enter(write, user("b"))).not.toThrow();
  });
});
