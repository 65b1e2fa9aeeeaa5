import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";

// Logs that are rotated about when their container ends: never empty, and without a gap.
const house = useDockerHouse();

/** The numbers of `seq`, without the first, of which a rotation may have taken the beginning. */
function assertCounts(text: string, last: number): void {
  const numbers = text.trimEnd().split("\n").slice(1).map(Number);
  expect(numbers.at(-1)).toBe(last);
  const gaps = numbers.filter((value, at) => at > 0 && value !== numbers[at - 1]! + 1);
  expect(gaps).toEqual([]);
}

describe("a log that is rotated near its container's end", () => {
  it("is there for docker logs", async () => {
    // A line has some 52 bytes in the file: a megabyte is full after about 19,200.
    const runs = Array.from({ length: 40 }, async (_, index) => {
      const last = 18_800 + 25 * index;
      const name = `near-${index}`;
      await house.ok("run", "--name", name, "--log-opt", "max-size=1m", "busybox", "seq", "1", String(last));
      assertCounts(await house.ok("logs", name), last);
    });
    await Promise.all(runs);
  });

  it("is there for kubectl logs", async () => {
    const { platform } = house;
    const pods = Array.from({ length: 12 }, (_, index) => ({
      name: `near-${index}`,
      last: 197_000 + 700 * index,
    }));
    const items = pods.map(({ name, last }) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        restartPolicy: "Never",
        containers: [
          {
            name: "main",
            image: "busybox",
            imagePullPolicy: "IfNotPresent",
            command: ["seq", "1", String(last)],
          },
        ],
      },
    }));
    const file = join(platform.home, "pods.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    expect((await platform.kubectl("apply", "-f", file)).code).toBe(0);
    for (const { name, last } of pods) {
      await eventually(`${name} ends`, async () => {
        const { stdout } = await platform.kubectl("get", "pod", name, "-o", "jsonpath={.status.phase}");
        return stdout === "Succeeded";
      });
      assertCounts((await platform.kubectl("logs", name)).stdout, last);
      expect((await platform.kubectl("logs", "--tail=1", name)).stdout).toBe(`${last}\n`);
    }
  });
});

describe("a follower", () => {
  it("goes through rotations without missing a line", async () => {
    const script =
      "i=0; while [ $i -lt 60 ]; do seq $((i*2000+1)) $((i*2000+2000)); i=$((i+1)); sleep 0.02; done";
    const limits = ["--log-opt", "max-size=1m", "--log-opt", "max-file=3"];
    await house.ok(
      "run",
      "-d",
      "--name",
      "followed",
      ...limits,
      "busybox",
      "sh",
      "-c",
      `sleep 0.5; ${script}`,
    );
    const numbers = (await house.ok("logs", "-f", "followed")).split("\n").map(Number);
    expect(numbers).toEqual(Array.from({ length: 120_000 }, (_, index) => index + 1));
  });
});
