import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { withHostLock } from "./index.ts";

it("lets one process in at a time, and goes on when the holder does not end", async () => {
  const order: string[] = [];
  withHostLock("test", () => {
    withHostLock("test", () => order.push("given up waiting"), 20);
    order.push("outer");
  });
  expect(order).toEqual(["given up waiting", "outer"]);
  const script = `
    import { withHostLock } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
    withHostLock("test", () => {
      process.stdout.write("held\\n");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const before = performance.now();
  withHostLock("test", () => {});
  expect(performance.now() - before).toBeGreaterThan(50);
});
