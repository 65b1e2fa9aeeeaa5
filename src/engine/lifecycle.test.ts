import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../base/index.ts";
import { killProcess } from "../kernel/index.ts";
import { leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";

let home: TestHome;

beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e54" });
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

const engine = () => home.engine;
const state = (id: string) => engine().containerState(id)!;
const restart = (Name: "always" | "on-failure" | "unless-stopped", MaximumRetryCount?: number) => ({
  hostConfig: { RestartPolicy: { Name, MaximumRetryCount } },
});

describe("restart policies", () => {
  it("on-failure tries as often as it may", async () => {
    const id = await home.create(["sh", "-c", "echo run; exit 4"], restart("on-failure", 2));
    await engine().startContainer(id);
    await until(() => state(id).Status === "exited");
    expect(state(id).ExitCode).toBe(4);
    expect((await engine().inspectContainer(id)).RestartCount).toBe(2);
    expect((await home.output(id)).stdout).toBe("run\nrun\nrun\n");
    await engine().removeContainer(id);
  });

  it("always restarts what ends by itself, but not what is stopped", async () => {
    const id = await home.create(["sh", "-c", "echo run; sleep 0.05"], restart("always"));
    await engine().startContainer(id);
    await until(() => state(id).Restarting);
    expect((await engine().listContainers())[0]?.Status).toMatch(/^Restarting \(0\) Less than a second ago$/);
    await until(async () => (await engine().inspectContainer(id)).RestartCount >= 2);
    await engine().stopContainer(id);
    expect(state(id)).toMatchObject({ Status: "exited", Running: false });
    await systemClock.sleep(400);
    expect(state(id).Status).toBe("exited");
    await engine().removeContainer(id);
  });

  it("health checks say how it is", async () => {
    const id = await home.create(["sh", "-c", "touch /ok; sleep 100"], {
      config: {
        Image: "busybox",
        Healthcheck: {
          Test: ["CMD-SHELL", "cat /ok && echo fine"],
          Interval: 50e6,
          Timeout: 1e9,
          Retries: 2,
        },
      },
    });
    await engine().startContainer(id);
    expect(state(id).Health?.Status).toBe("starting");
    await until(() => state(id).Health?.Status === "healthy");
    expect(state(id).Health?.Log.at(-1)).toMatchObject({ ExitCode: 0, Output: "fine\n" });
    await home.exec(id, ["rm", "/ok"]);
    await until(() => state(id).Health?.Status === "unhealthy");
    expect((await engine().listContainers({ filters: { health: ["unhealthy"] } }))[0]?.Status).toMatch(
      /\(unhealthy\)$/,
    );
    await engine().removeContainer(id, { force: true });
  });
});

describe("a new start of the program", () => {
  it("adopts what runs and goes on with its log, exits and waits", async () => {
    const id = await home.create(
      ["sh", "-c", "i=0; while [ $i -lt 40 ]; do echo $i; i=$((i+1)); sleep 0.02; done; exit 6"],
      {
        hostConfig: { PortBindings: { "80/tcp": [{ HostPort: "28090" }] } },
      },
    );
    const paused = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    await engine().startContainer(paused);
    await engine().pauseContainer(paused);
    const { Pid } = state(id);
    await home.reopen();
    expect(state(id)).toMatchObject({ Status: "running", Pid });
    expect(state(paused).Status).toBe("paused");
    expect((await engine().inspectContainer(id)).NetworkSettings.Ports["80/tcp"]).toEqual([
      { HostIp: "0.0.0.0", HostPort: "28090" },
    ]);
    expect((await home.exec(id, ["echo", "hi"])).stdout).toBe("hi\n");
    expect(await engine().waitContainer(id)).toEqual({ exitCode: 6 });
    const lines = Array.from({ length: 40 }, (_, index) => `${index}\n`).join("");
    expect((await home.output(id)).stdout).toBe(lines);
    for (const container of [id, paused]) await engine().removeContainer(container, { force: true });
  });

  it("knows the end of what ended meanwhile, and applies the policies", async () => {
    const ends = await home.create(["sh", "-c", "sleep 0.2; exit 8"]);
    const gone = await home.create(["sh", "-c", "sleep 0.2"], { hostConfig: { AutoRemove: true } });
    const again = await home.create(
      ["sh", "-c", "echo run; sleep 0.2; test -e /once || { touch /once; exit 1; }; sleep 100"],
      restart("always"),
    );
    const stopped = await home.create(["sleep", "100"], restart("unless-stopped"));
    for (const id of [ends, gone, again, stopped]) await engine().startContainer(id);
    await engine().stopContainer(stopped, { timeoutSeconds: 0 });
    await home.engine.close();
    await home.runtime.close();
    await systemClock.sleep(400);
    await home.reopen();
    expect(state(ends)).toMatchObject({ Status: "exited", ExitCode: 8 });
    await until(() => engine().containerState(gone) === undefined);
    await until(() => state(again).Status === "running");
    expect(state(stopped).Status).toBe("exited");
    for (const id of [ends, again, stopped]) await engine().removeContainer(id, { force: true });
  });

  it("a container whose monitor is killed is ended and told as killed", async () => {
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    const { Pid } = state(id);
    const { processIdentity } = await import("../kernel/index.ts");
    killProcess(processIdentity(Pid)!.parentPid, "SIGKILL");
    expect(await engine().waitContainer(id)).toEqual({ exitCode: 137 });
    await until(() => processIdentity(Pid) === undefined);
    await engine().removeContainer(id);
  });

  it("shutdown stops all, and the next start brings back what shall always run", async () => {
    const plain = await home.create(["sleep", "100"]);
    const always = await home.create(["sleep", "100"], restart("unless-stopped"));
    await engine().startContainer(plain);
    await engine().startContainer(always);
    await engine().shutdown({ stopContainers: true, timeoutSeconds: 0 });
    expect(await home.runtime.list()).toEqual([]);
    await home.reopen();
    expect(state(plain)).toMatchObject({ Status: "exited", ExitCode: 137 });
    await until(() => state(always).Status === "running");
    for (const id of [plain, always]) await engine().removeContainer(id, { force: true });
  });
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
  });
});
