import { describe, expect, it } from "vitest";
import { GantryError, type Logger, silentLogger } from "../../base/index.ts";
import { configMaps, deployments, statusForbidden, statusNotFound } from "../api/index.ts";
import { ReflectorTrouble } from "./reflector-trouble.ts";

function watched(resource = deployments as typeof configMaps | typeof deployments) {
  const told: string[] = [];
  const logger: Logger = Object.assign(Object.create(silentLogger), {
    debug: () => {},
    warn: (message: string) => void told.push(`warn: ${message}`),
    info: (message: string) => void told.push(`info: ${message}`),
  });
  return { trouble: new ReflectorTrouble(resource, logger), told };
}
const forbidden = statusForbidden(deployments, "", "nobody may");
const unreachable = new GantryError("Unavailable", "connect ECONNREFUSED");

describe("what keeps an informer from following its resource", () => {
  it.each([
    [forbidden, "deployments.v1.apps may not be listed and watched"],
    [statusNotFound(deployments, ""), "the API server does not serve deployments.v1.apps"],
    [
      new GantryError("Unauthenticated", "no"),
      "the API server does not know who asks for deployments.v1.apps",
    ],
    [unreachable, "cannot reach the API server"],
    [new Error("socket hang up"), "cannot reach the API server"],
  ])("is told as it is, once: %s", (error, what) => {
    const { trouble, told } = watched();
    for (let n = 0; n < 20; n++) trouble.failed(error);
    expect(told).toEqual([`warn: ${what}`]);
  });

  it("is tried ever more seldom, and from the start only when it is refused no more", () => {
    const { trouble, told } = watched();
    const delays = Array.from({ length: 12 }, () => trouble.failed(forbidden));
    expect(delays[0]).toBeGreaterThanOrEqual(400);
    expect(Math.min(...delays.slice(6))).toBeGreaterThanOrEqual(15_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(45_000);
    trouble.over();
    expect(told.at(-1)).toBe("info: deployments.v1.apps can be read again");
    expect(trouble.failed(forbidden)).toBeLessThanOrEqual(1200);
  });

  it("is told anew when it is another", () => {
    const { trouble, told } = watched(configMaps);
    for (const error of [forbidden, unreachable]) for (let n = 0; n < 6; n++) trouble.failed(error);
    expect(told).toEqual([
      "warn: configmaps may not be listed and watched",
      "warn: cannot reach the API server",
    ]);
  });
});
