import { expect, it } from "vitest";
import { RunningParts } from "./running-parts.ts";

it("a part is running from its readiness to its end", async () => {
  const parts = new RunningParts();
  const steps = Promise.withResolvers<void>();
  const service = parts.noting({
    name: "a",
    needs: ["b"],
    run: async ({ ready }) => {
      ready();
      await steps.promise;
    },
  });
  expect(service.needs).toEqual(["b"]);
  expect(() => parts.check("a")).toThrow("a is not running");
  let isReady = false;
  const done = service.run({
    signal: new AbortController().signal,
    ready: () => {
      isReady = true;
    },
  });
  expect(isReady).toBe(true);
  parts.check("a");
  steps.resolve();
  await done;
  expect(() => parts.check("a")).toThrow("a is not running");
});
