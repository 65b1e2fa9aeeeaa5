import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { eventually } from "../support/eventually.ts";
import { instanceAt } from "../support/machine.ts";
import { startPlatform, type TestPlatform } from "../support/platform.ts";

// kill -9 of the program while containers, builds and pods are being made and removed: the next start clears what was cut off.
let platform: TestPlatform;

beforeAll(async () => {
  platform = await startPlatform();
  makeBaseImages(["busybox"], platform.env);
});
afterAll(() => platform.reset());

const ROUNDS = 4;
const BUILD = "FROM busybox\\nARG N\\nRUN echo $N > /a\\nRUN echo $N > /b\\nRUN echo $N > /c\\nRUN sleep 100";

/** Makes and removes as much as it can until it is ended. */
function churn(round: number): Promise<unknown>[] {
  const pod = (index: number) =>
    `kubectl run churn-${round}-${index} --image=busybox --image-pull-policy=IfNotPresent --restart=Never -- sleep 100`;
  const scripts = [
    `printf '${BUILD}' | docker build --build-arg N=${round}a -`,
    `printf '${BUILD}' | docker build --build-arg N=${round}b -`,
    "for i in $(seq 50); do docker run --rm busybox true || exit; done",
    `for i in $(seq 50); do docker run -d --name churn-${round}-$i busybox sleep 100 && docker rm -f churn-${round}-$i || exit; done`,
    [0, 1, 2].map(pod).join("; "),
  ];
  return scripts.map((script) => platform.run("sh", ["-c", script], { timeoutMs: 60_000 }));
}

/** The containers' cgroups below the instance's own, in all hierarchies. */
function cgroups(): string[] {
  const name = `gantry-${instanceAt(platform.home).instanceId}`;
  const found = new Set<string>();
  const visit = (dir: string) => {
    for (const entry of directories(dir)) {
      if (/^[0-9a-f]{64}$|^pod/.test(entry)) found.add(entry);
      visit(`${dir}/${entry}`);
    }
  };
  for (const hierarchy of [".", ...directories("/sys/fs/cgroup")])
    visit(`/sys/fs/cgroup/${hierarchy}/${name}`);
  return [...found];
}

function directories(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

describe("kill -9 in the midst of everything", () => {
  it("leaves no build's container and no cgroup of what is gone", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const churning = churn(round);
      await new Promise((resolve) => setTimeout(resolve, 1200 + 311 * round));
      await platform.kill();
      await Promise.all(churning);
      await platform.up();
    }
    const ids = (await platform.docker("ps", "-aq", "--no-trunc")).stdout.split("\n").filter(Boolean);
    for (const id of ids) {
      const facts = await platform.docker("inspect", "-f", "{{.Name}} {{.Config.Cmd}}", id);
      // Acknowledged or about to be: a client's own container, never a build's.
      expect(facts.stdout).toMatch(/^\/(churn-\d-\d+ \[sleep 100\]|\w+ \[true\])\n$/);
    }
    if (ids.length > 0) await platform.docker("rm", "-f", ...ids);
    await platform.kubectl("delete", "pods", "--all", "--force", "--grace-period=0", "--wait=false");
    await eventually("no cgroup is left", async () => {
      const left = cgroups();
      if (left.length > 0) throw new Error(left.join("\n"));
      return true;
    });
    expect((await platform.docker("ps", "-aq")).stdout).toBe("");
  });
});
