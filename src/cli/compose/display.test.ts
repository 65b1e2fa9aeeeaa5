import { describe, expect, it } from "vitest";
import type { Cancel, Clock } from "../../base/index.ts";
import { displayPorts, humanDuration, humanSize } from "./human.ts";
import { LogLines } from "./log-lines.ts";
import { ProgressDisplay } from "./progress-display.ts";
import { formatTable } from "./table.ts";

class HandClock implements Clock {
  now = 0;
  tick: () => void = () => {};
  nowMs = () => this.now;
  monotonicMs = () => this.now;
  after = (): Cancel => () => {};
  every(_: number, fn: () => void): Cancel {
    this.tick = fn;
    return () => {};
  }
  sleep = async () => {};
}

describe("progress in a terminal", () => {
  it("has a line for each thing, with a mark and its time, and draws over itself", () => {
    const clock = new HandClock();
    const written: string[] = [];
    const display = new ProgressDisplay({
      title: "Running",
      write: (text) => written.push(text),
      columns: () => 60,
      rows: () => 10,
      colors: false,
      clock,
    });
    display.event({ id: "Network shop_default", status: "done", statusText: "Created" });
    display.event({ id: "Container shop-web-1", status: "working", statusText: "Starting" });
    clock.now = 1500;
    clock.tick();
    display.event({ id: "Container shop-web-1", status: "done", statusText: "Started" });
    display.stop();
    expect(written[0]).toContain("[+] Running 1/2\x1b[K\n");
    expect(written[0]).toMatch(/⠙ Container shop-web-1 {2}Starting +1\.5s/);
    expect(written[1]).toMatch(/^\x1b\[3A/);
    expect(written[1]).toContain("[+] Running 2/2");
    expect(written[1]).toMatch(/ ✔ Network shop_default {2}Created +0\.0s/);
    expect(written[1]).toMatch(/ ✔ Container shop-web-1 {2}Started +1\.5s/);
  });
});

it("lines of containers stand in columns", () => {
  let out = "";
  const lines = new LogLines({
    out: (text) => (out += text),
    err: (text) => (out += text),
    prefix: true,
    colors: false,
  });
  lines.register("web-1");
  lines.register("database-1");
  lines.log("web-1", "hello");
  lines.error("database-1", "oh");
  lines.status("web-1", "exited with code 0");
  expect(out).toBe("web-1       | hello\ndatabase-1  | oh\nweb-1 exited with code 0\n");
});

it("tables have the docker CLI's columns", () => {
  expect(
    formatTable(
      ["NAME", "STATUS"],
      [
        ["a", "up"],
        ["longer-name", ""],
      ],
    ),
  ).toBe("NAME          STATUS\na             up\nlonger-name   \n");
});

it.each([
  [0.5, "Less than a second"],
  [1, "1 second"],
  [59, "59 seconds"],
  [61, "About a minute"],
  [3000, "50 minutes"],
  [4000, "About an hour"],
  [3 * 3600, "3 hours"],
  [3 * 86_400, "3 days"],
  [20 * 86_400, "2 weeks"],
])("%d seconds are %j", (seconds, text) => expect(humanDuration(seconds)).toBe(text));

it.each([
  [0, "0B"],
  [999, "999B"],
  [1_984_000, "1.98MB"],
])("%d bytes are %j", (bytes, text) => expect(humanSize(bytes)).toBe(text));

it("ports that follow each other are a range", () => {
  const port = (PrivatePort: number, PublicPort?: number, IP = "0.0.0.0") => ({
    IP,
    PrivatePort,
    PublicPort,
    Type: "tcp",
  });
  expect(displayPorts([port(81, 8081), port(80, 8080), port(90, 7000)])).toBe(
    "0.0.0.0:8080-8081->80-81/tcp, 0.0.0.0:7000->90/tcp",
  );
  expect(displayPorts([{ PrivatePort: 53, Type: "udp" }])).toBe("53/udp");
  expect(displayPorts([port(80, 8080, "::")])).toBe("[::]:8080->80/tcp");
});
