import { describe, expect, it } from "vitest";
import type { Project } from "../model/index.ts";
import { emptyProject } from "./project-on-engine.ts";
import { walkServices } from "./walk-services.ts";

function projectOf(needs: Record<string, string[]>): Project {
  const project = emptyProject("p");
  for (const [name, dependencies] of Object.entries(needs)) {
    const depends_on = Object.fromEntries(dependencies.map((one) => [one, {}]));
    project.services[name] = { name, customLabels: {}, depends_on };
  }
  return project;
}

const SHOP = projectOf({ web: ["api"], api: ["db", "cache"], db: [], cache: [], worker: ["db"] });

describe("a walk over services", () => {
  it("visits each after what it needs, at once where it can", async () => {
    const running = new Set<string>();
    const done: string[] = [];
    let most = 0;
    await walkServices(SHOP, async (name) => {
      for (const one of Object.keys(SHOP.services[name]!.depends_on ?? {})) expect(done).toContain(one);
      running.add(name);
      most = Math.max(most, running.size);
      await new Promise((resolve) => setImmediate(resolve));
      running.delete(name);
      done.push(name);
    });
    expect(done.sort()).toEqual(["api", "cache", "db", "web", "worker"]);
    expect(most).toBeGreaterThan(1);
  });

  it("goes the other way round", async () => {
    const done: string[] = [];
    await walkServices(SHOP, async (name) => void done.push(name), { reverse: true });
    expect(done.indexOf("web")).toBeLessThan(done.indexOf("api"));
    expect(done.indexOf("worker")).toBeLessThan(done.indexOf("db"));
  });

  it("begins at some, and takes who needs them along", async () => {
    const done: string[] = [];
    await walkServices(SHOP, async (name) => void done.push(name), { reverse: true, from: ["cache"] });
    expect(done).toEqual(["web", "api", "cache"]);
  });

  it("does no more at once than it may", async () => {
    let running = 0;
    await walkServices(
      SHOP,
      async () => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      },
      { parallel: 1 },
    );
  });

  it("begins nothing after a failure, and lets what has begun end", async () => {
    const done: string[] = [];
    const walk = walkServices(SHOP, async (name) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (name === "db") throw new Error("no db");
      done.push(name);
    });
    await expect(walk).rejects.toThrow("no db");
    expect(done).toEqual(["cache"]);
  });
});
