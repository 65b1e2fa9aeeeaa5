import { join } from "node:path";
import { expect, it } from "vitest";
import { repository } from "../support/platform.ts";
import { run } from "../support/run.ts";

it("walks the whole way from a Dockerfile to a rolling update and back", { timeout: 400_000 }, async () => {
  const demo = await run(process.execPath, [join(repository, "test", "demo", "main.ts")], {
    timeoutMs: 390_000,
  });
  expect(demo.code, demo.stdout.slice(-6_000) + demo.stderr).toBe(0);
});
