import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collector, leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";

// Two requests at one container: what the second found before it waited for the first is no longer so behind it.
let home: TestHome;

beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e58" });
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

const engine = () => home.engine;
const published = { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "23999" }] } };

describe("during a start", () => {
  it("a removal waits for it and refuses what then runs", async () => {
    const id = await home.create(["sleep", "100"]);
    const starting = engine().startContainer(id);
    await expect(engine().removeContainer(id)).rejects.toThrow(/container is running: stop the container/);
    await starting;
    expect(engine().containerState(id)?.Status).toBe("running");
    await engine().removeContainer(id, { force: true });
  });

  it("a removal by force leaves neither endpoint nor address nor port", async () => {
    const id = await home.create(["sleep", "100"], { hostConfig: published });
    const starting = engine().startContainer(id);
    await engine().removeContainer(id, { force: true });
    await starting;
    await until(() => home.network.endpointsOf(id).length === 0);
    expect(home.network.endpoints("bridge")).toEqual([]);
    const next = await home.create(["sleep", "100"], { hostConfig: published });
    await engine().startContainer(next);
    await engine().removeContainer(next, { force: true });
  });

  it("a stop and a kill wait for it and end what then runs", async () => {
    const id = await home.create(["sleep", "100"]);
    const starting = engine().startContainer(id);
    await engine().stopContainer(id, { timeoutSeconds: 0 });
    await starting;
    expect(engine().containerState(id)).toMatchObject({ Status: "exited", ExitCode: 137 });
    const again = engine().startContainer(id);
    await engine().killContainer(id);
    await again;
    expect(engine().containerState(id)).toMatchObject({ Status: "exited", ExitCode: 137 });
    await engine().removeContainer(id);
  });
});

describe("during a removal", () => {
  it("nobody starts it, and a second removal is refused", async () => {
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    const removing = engine().removeContainer(id, { force: true });
    await expect(engine().removeContainer(id, { force: true })).rejects.toThrow(
      `removal of container ${id} is already in progress`,
    );
    await until(() => !engine().containerState(id)?.Running);
    await expect(engine().startContainer(id)).rejects.toThrow(
      /is marked for removal and cannot be started|No such/,
    );
    await removing;
    await expect(engine().startContainer(id)).rejects.toThrow(`No such container: ${id}`);
  });

  it("a reader of its files reads them to their end", async () => {
    const { id } = await home.run(["sh", "-c", "head -c 3000000 /dev/zero > /root/big"]);
    const { tar } = await engine().readArchive(id, "/root/big");
    await engine().removeContainer(id);
    let bytes = 0;
    for await (const chunk of tar) bytes += (chunk as Buffer).length;
    expect(bytes).toBeGreaterThan(3_000_000);
  });
});

describe("restart", () => {
  it("keeps a container that removes itself", async () => {
    const id = await home.create(["sleep", "100"], { hostConfig: { AutoRemove: true } });
    await engine().startContainer(id);
    await engine().restartContainer(id, { timeoutSeconds: 0 });
    expect(engine().containerState(id)?.Status).toBe("running");
    const removed = engine().waitContainer(id, "removed");
    await engine().stopContainer(id, { timeoutSeconds: 0 });
    await removed;
  });

  it("twice at once leaves it running", async () => {
    const id = await home.create(["sleep", "100"], { hostConfig: { AutoRemove: true } });
    await engine().startContainer(id);
    await Promise.all([1, 2].map(() => engine().restartContainer(id, { timeoutSeconds: 0 })));
    expect(engine().containerState(id)?.Status).toBe("running");
    await engine().removeContainer(id, { force: true });
  });
});

describe("at the moment of the end", () => {
  it("a commit makes the image all the same", async () => {
    for (let delayMs = 0; delayMs < 40; delayMs += 8) {
      const id = await home.create(["sh", "-c", "echo x > /f"]);
      await engine().startContainer(id);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const image = await engine().commitContainer(id, {});
      expect(image.id).toMatch(/^sha256:/);
      await engine().removeContainer(id, { force: true });
    }
  });

  it("a pause is refused as for one that does not run", async () => {
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    home.runtime.kill(id, 9);
    await expect(
      (async () => {
        // Paused or not, as long as the end is not known; then refused.
        for (;;) {
          await engine().pauseContainer(id);
          await engine().unpauseContainer(id);
        }
      })(),
    ).rejects.toMatchObject({ message: expect.stringMatching(/is not running|is not paused/) });
    await engine().removeContainer(id, { force: true });
  });
});

describe("a wait", () => {
  it("is told each end, a restart ahead or not", async () => {
    const id = await home.create(["sh", "-c", "exit 4"], {
      hostConfig: { RestartPolicy: { Name: "always" } },
    });
    const first = engine().waitContainer(id, "next-exit");
    await engine().startContainer(id);
    expect(await first).toEqual({ exitCode: 4 });
    expect(engine().containerState(id)?.Running).toBe(true);
    expect(await engine().waitContainer(id)).toEqual({ exitCode: 4 });
    expect(engine().containerState(id)?.Running).toBe(true);
    await engine().removeContainer(id, { force: true });
  });
});

describe("executions", () => {
  it("that were not started go with the container's end; ended ones are told for a while", async () => {
    const id = await home.create(["sleep", "100"]);
    await engine().startContainer(id);
    const idle = await engine().createExec(id, { Cmd: ["true"] });
    const done = await engine().createExec(id, { Cmd: ["sh", "-c", "exit 3"] });
    expect((await engine().inspectContainer(id)).ExecIDs).toEqual([idle.id, done.id]);
    await engine().startExec(done.id, { stdout: collector().stream });
    expect((await engine().inspectContainer(id)).ExecIDs).toEqual([idle.id]);
    await engine().stopContainer(id, { timeoutSeconds: 0 });
    await expect(engine().inspectExec(idle.id)).rejects.toThrow(`No such exec instance: ${idle.id}`);
    expect((await engine().inspectExec(done.id)).ExitCode).toBe(3);
    expect((await engine().inspectContainer(id)).ExecIDs).toBeNull();
    await engine().removeContainer(id);
  });
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
    expect(home.network.endpoints("bridge")).toEqual([]);
  });
});
