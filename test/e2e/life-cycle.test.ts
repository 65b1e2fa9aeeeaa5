import { chmodSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { type Instance, instanceAt, tracesOf } from "../support/machine.ts";
import { freePort, gantryBinary, startPlatform, type TestPlatform } from "../support/platform.ts";
import { run } from "../support/run.ts";

const platforms: TestPlatform[] = [];
const instances: Instance[] = [];
const NOTHING = { mounts: [], links: [], tables: [], cgroups: [], processes: [] };

async function start(): Promise<TestPlatform> {
  const platform = await startPlatform();
  platforms.push(platform);
  instances.push(instanceAt(platform.home));
  return platform;
}

afterAll(async () => {
  for (const platform of platforms) await platform.reset();
});

describe("up, status, down, reset", () => {
  it("tells where everything is, and a fresh node is Ready", async () => {
    const platform = await start();
    expect(platform.status).toMatchObject({
      state: "ready",
      dockerSocket: `${platform.home}/docker.sock`,
      kubeconfig: `${platform.home}/kubeconfig`,
    });
    const text = await platform.gantry("status");
    expect(text.stdout).toContain(`unix://${platform.home}/docker.sock`);
    const nodes = await platform.kubectl("get", "nodes");
    expect(nodes.stdout).toMatch(/Ready\s+\S+\s+\S+\s+v1\.33/);
    expect((await platform.docker("version")).code).toBe(0);
    expect((await platform.gantry("version")).stdout).toMatch(
      /^gantry \d+\.\d+\.\d+ \(Kubernetes v1\.33\.\d+, Node\.js v24\./,
    );
  });

  it("is examined while it runs, and before: what is in its way is named, with what mends it", async () => {
    const platform = platforms[0]!;
    const running = await platform.gantry("doctor");
    expect([running.code, running.stderr]).toEqual([0, ""]);
    expect(running.stdout).toMatch(/^ok +platform +ready \(process \d+\)$/m);
    expect(running.stdout).toMatch(/^ok +certificates +valid for \d+ days at least$/m);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(6443, "127.0.0.1", resolve);
    });
    const home = mkdtempSync(join(tmpdir(), "gantry-"));
    try {
      const before = await platform.gantry("doctor", "--home", home);
      expect(before.code).toBe(1);
      expect(before.stdout).toMatch(
        /^FAIL +port 6443 +another program listens on it\n +choose another one with --api-port$/m,
      );
      const json = await platform.gantry("doctor", "--home", home, "--json");
      expect(JSON.parse(json.stdout)).toContainEqual({
        name: "port 6443",
        state: "failure",
        text: "another program listens on it",
        hint: "choose another one with --api-port",
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
      rmSync(home, { recursive: true });
    }
  });

  it("runs two instances side by side that do not know each other", async () => {
    const [first, second] = [platforms[0]!, await start()];
    for (const platform of [first, second]) makeBaseImages(["busybox"], platform.env);
    await first.docker("run", "-d", "--name", "same", "busybox", "sleep", "1000");
    const other = await second.docker("run", "-d", "--name", "same", "busybox", "sleep", "1000");
    expect(other.code, other.stderr).toBe(0);
    await first.docker("rm", "-f", "same");
    expect((await second.docker("ps", "--format", "{{.Names}}")).stdout).toBe("same\n");
    await first.kubectl("create", "namespace", "only-here");
    expect((await second.kubectl("get", "namespace", "only-here")).stderr).toContain(
      'namespaces "only-here" not found',
    );
  });

  it("refuses a second up on the same home in one sentence", async () => {
    const platform = platforms[0]!;
    const again = await platform.gantry("up");
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^gantry: a platform already runs on .* \(process \d+\) - .*\n$/);
    expect((await platform.gantry("status")).code).toBe(0);
  });

  it("stops its containers on down, and keeps what was declared", async () => {
    const platform = platforms[1]!;
    const down = await platform.gantry("down");
    expect(down.code, down.stderr).toBe(0);
    expect(await tracesOf([instanceAt(platform.home)])).toEqual(NOTHING);
    expect((await platform.gantry("status")).code).toBe(3);
    await platform.up();
    const ps = await platform.docker("ps", "-a", "--format", "{{.Names}} {{.State}}");
    expect(ps.stdout).toBe("same exited\n");
    expect((await platform.kubectl("get", "namespace", "only-here")).code).toBe(1);
  });

  it("reset leaves nothing on the machine", async () => {
    for (const platform of platforms.splice(0)) {
      const reset = await platform.gantry("reset");
      expect(reset.code, reset.stderr).toBe(0);
    }
    expect(await tracesOf(instances)).toEqual(NOTHING);
  });

  it("reset also cleans up after a killed program", async () => {
    const platform = await start();
    makeBaseImages(["busybox"], platform.env);
    await platform.docker("run", "-d", "-p", `${await freePort()}:80`, "busybox", "sleep", "1000");
    await platform.kill();
    const reset = await platform.gantry("reset");
    expect(reset.code, reset.stderr).toBe(0);
    expect(await tracesOf(instances)).toEqual(NOTHING);
    platforms.splice(0);
  });
});

describe("a start that cannot be", () => {
  it("names a busy port and what to do, and leaves nothing half done", async () => {
    const busy = createServer();
    const port = await new Promise<number>((resolve) =>
      busy.listen(0, "0.0.0.0", () => resolve((busy.address() as { port: number }).port)),
    );
    const home = mkdtempSync(join(tmpdir(), "gantry-busy-"));
    const up = await run(gantryBinary, [
      "up",
      "--home",
      home,
      "--api-port",
      String(port),
      "--registry-port",
      "0",
    ]);
    busy.close();
    expect(up.code).toBe(1);
    expect(up.stderr.trim().split("\n").at(-1)).toMatch(new RegExp(`^gantry: .*:${port}.* - .*--api-port`));
    expect(await tracesOf([instanceAt(home)])).toEqual(NOTHING);
    await run(gantryBinary, ["reset", "--home", home]);
    rmSync(home, { recursive: true, force: true });
  });

  it("says when the home cannot be used", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gantry-file-"));
    writeFileSync(join(dir, "file"), "");
    const up = await run(gantryBinary, ["up", "--home", join(dir, "file")]);
    expect(up.code).toBe(1);
    expect(up.stderr).toMatch(/^gantry: cannot use .*\/file as home: .* - .*--home/);
    rmSync(dir, { recursive: true });
  });

  it("refuses a home that others may write to, detached too, and writes nothing into it", async () => {
    const home = mkdtempSync(join(tmpdir(), "gantry-open-"));
    chmodSync(home, 0o777);
    for (const how of [[], ["--detach"]]) {
      const up = await run(gantryBinary, ["up", "--home", home, ...how]);
      expect([up.code, up.stderr]).toEqual([
        1,
        `gantry: cannot use ${home} as home: everybody may write to it - if all in it is to be trusted, run: chmod go-w ${home}\n`,
      ]);
    }
    rmdirSync(home);
  });

  it("says why it cannot write the kubeconfig", async () => {
    const home = mkdtempSync(join(tmpdir(), "gantry-kubeconfig-"));
    mkdirSync(join(home, "kubeconfig"));
    writeFileSync(join(home, "kubeconfig", "file"), "");
    const ports = ["--api-port", String(await freePort()), "--registry-port", String(await freePort())];
    const up = await run(gantryBinary, ["up", "--home", home, ...ports]);
    expect(up.code).toBe(1);
    expect(up.stderr.trim().split("\n").at(-1)).toMatch(
      /^gantry: cannot write .*\/kubeconfig: .* - remove what/,
    );
    expect(await tracesOf([instanceAt(home)])).toEqual(NOTHING);
    await run(gantryBinary, ["reset", "--home", home]);
  });

  it("says when it is not root", async () => {
    const dir = mkdtempSync(join(tmpdir(), "gantry-user-"));
    chmodSync(dir, 0o777);
    mkdirSync(join(dir, "home"), { mode: 0o777 });
    const up = await run("setpriv", [
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      gantryBinary,
      "up",
      "--home",
      join(dir, "home"),
    ]);
    expect(up.code).toBe(1);
    expect(up.stderr).toMatch(/^gantry: Gantry needs root.* - run it with sudo\n$/);
    rmSync(dir, { recursive: true });
  });

  it("refuses wrong arguments with exit code 2", async () => {
    for (const args of [["up", "--nonsense"], ["up", "--api-port", "http"], ["frobnicate"]]) {
      const result = await run(gantryBinary, args);
      expect(result.code).toBe(2);
      expect(result.stderr).toMatch(/^gantry: /);
    }
  });

  it("refuses a broken config.yaml and names the field", async () => {
    const home = mkdtempSync(join(tmpdir(), "gantry-config-"));
    writeFileSync(join(home, "config.yaml"), "instanceId: zzz\n");
    const up = await run(gantryBinary, ["up", "--home", home]);
    expect(up.code).toBe(1);
    expect(up.stderr).toMatch(/config\.yaml: instanceId is "zzz", which is not valid/);
    rmSync(home, { recursive: true });
  });
});
