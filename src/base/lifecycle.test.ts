import { describe, expect, it } from "vitest";
import { inOrderOfNeeds, runServices, type Service } from "./lifecycle.ts";
import { silentLogger } from "./log.ts";

function service(name: string, needs: string[], log: string[], fails = false): Service {
  return {
    name,
    needs,
    async run({ signal, ready }) {
      log.push(`start ${name}`);
      if (fails) throw new Error("broken");
      ready();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      log.push(`stop ${name}`);
    },
  };
}

describe("runServices", () => {
  it("starts in order of needs and stops in reverse", async () => {
    const log: string[] = [];
    const controller = new AbortController();
    const services = [service("c", ["b"], log), service("a", [], log), service("b", ["a"], log)];
    await runServices({
      services,
      signal: controller.signal,
      logger: silentLogger,
      onAllReady: () => controller.abort(),
    });
    expect(log).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
  });

  it("stops the others and tells the failure when one fails", async () => {
    const log: string[] = [];
    const services = [service("a", [], log), service("b", ["a"], log, true)];
    const running = runServices({ services, signal: new AbortController().signal, logger: silentLogger });
    await expect(running).rejects.toThrow("service b: broken");
    expect(log).toEqual(["start a", "start b", "stop a"]);
  });

  it("refuses a circle and an unknown need", async () => {
    expect(() => inOrderOfNeeds([service("a", ["b"], []), service("b", ["a"], [])])).toThrow("circle");
    const running = runServices({
      services: [service("a", ["x"], [])],
      signal: new AbortController().signal,
      logger: silentLogger,
    });
    await expect(running).rejects.toThrow("needs unknown x");
  });
});
