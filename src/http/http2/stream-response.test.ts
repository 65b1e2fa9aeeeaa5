import { EventEmitter } from "node:events";
import type { ServerHttp2Stream } from "node:http2";
import { describe, expect, it } from "vitest";
import { StreamResponse } from "./stream-response.ts";

/** A stream whose client takes what it is given when the test says so. */
class HeldStream extends EventEmitter {
  readonly session = undefined;
  readonly #held: (() => void)[] = [];
  respond(): void {}
  destroy(): void {}
  write(_chunk: unknown, ...rest: unknown[]): void {
    this.#held.push(rest.at(-1) as () => void);
  }
  take(): void {
    this.#held.shift()!();
  }
}

function held() {
  const stream = new HeldStream();
  const response = new StreamResponse(stream as unknown as ServerHttp2Stream, { isToHead: false });
  return { stream, response };
}

describe("for how long an answer is stalled", () => {
  it("is counted from when it is first seen waiting, whatever the clock says", () => {
    const { response } = held();
    response.write("some text");
    expect(response.stalledMs(1_000_000)).toBe(0);
    expect(response.stalledMs(1_029_000)).toBe(29_000);
    response.end();
    expect(response.stalledMs(1_031_000)).toBe(31_000);
  });

  it("begins anew with each piece that is taken", () => {
    const { stream, response } = held();
    response.write("one");
    response.write("two");
    expect(response.stalledMs(1_000_000)).toBe(0);
    stream.take();
    expect(response.stalledMs(1_020_000)).toBe(0);
    expect(response.stalledMs(1_030_000)).toBe(10_000);
  });

  it("is nothing while nothing waits, and begins with what comes then", () => {
    const { stream, response } = held();
    response.write("one");
    expect(response.stalledMs(1_000_000)).toBe(0);
    stream.take();
    expect(response.stalledMs(1_040_000)).toBe(0);
    response.write("two");
    expect(response.stalledMs(1_100_000)).toBe(0);
  });
});
