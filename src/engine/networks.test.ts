import { connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";

let home: TestHome;

beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e53" });
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

const engine = () => home.engine;

/** A server that answers each connection with a line. */
const SERVER = ["sh", "-c", "while true; do echo answer | nc -l -p 80; done"];

function ask(port: number, host = "127.0.0.1"): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    connect(port, host)
      .on("data", (chunk) => {
        text += chunk;
      })
      .on("close", () => resolve(text))
      .on("error", reject);
  });
}

async function askUntil(port: number): Promise<string> {
  let answer = "";
  await until(async () => {
    answer = await ask(port).catch(() => "");
    return answer !== "";
  });
  return answer;
}

describe("published ports", () => {
  it("lead to the container, are shown, and are free again afterwards", async () => {
    const id = await home.create(SERVER, {
      config: { Image: "busybox", ExposedPorts: { "80/tcp": {}, "81/tcp": {} } },
      hostConfig: { PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "28080" }] } },
    });
    await engine().startContainer(id);
    expect(await askUntil(28080)).toBe("answer\n");
    const { NetworkSettings } = await engine().inspectContainer(id);
    expect(NetworkSettings.Ports).toEqual({
      "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "28080" }],
      "81/tcp": null,
    });
    const second = await home.create(SERVER, {
      hostConfig: { PortBindings: { "80/tcp": [{ HostPort: "28080" }] } },
    });
    await expect(engine().startContainer(second)).rejects.toThrow("port is already allocated");
    const state = engine().containerState(second)!;
    expect(state).toMatchObject({ Status: "created", ExitCode: 128 });
    await engine().removeContainer(id, { force: true });
    await engine().startContainer(second);
    expect(await askUntil(28080)).toBe("answer\n");
    await engine().removeContainer(second, { force: true });
  });

  it("a range takes the first free one, -P any", async () => {
    const taken = createServer().listen(28081, "0.0.0.0");
    const id = await home.create(SERVER, {
      config: { Image: "busybox", ExposedPorts: { "7/udp": {} } },
      hostConfig: { PortBindings: { "80/tcp": [{ HostPort: "28081-28085" }] }, PublishAllPorts: true },
    });
    await engine().startContainer(id);
    const { Ports } = (await engine().inspectContainer(id)).NetworkSettings;
    expect(Ports["80/tcp"]).toEqual([{ HostIp: "0.0.0.0", HostPort: "28082" }]);
    expect(Number(Ports["7/udp"]?.[0]?.HostPort)).toBeGreaterThan(1024);
    await engine().removeContainer(id, { force: true });
    taken.close();
  });
});

describe("network modes", () => {
  it("host, none and another container's", async () => {
    const host = await home.run(["sh", "-c", "hostname; ip link | grep -c e57e53"], {
      hostConfig: { NetworkMode: "host" },
    });
    expect(Number(host.stdout.split("\n")[1])).toBeGreaterThan(0);
    const none = await home.run(["sh", "-c", "ip link | grep -c '^[0-9]'"], {
      hostConfig: { NetworkMode: "none" },
    });
    expect(none.stdout).toBe("1\n");
    const owner = await home.create(["sleep", "100"], { name: "netowner" });
    await expect(home.run(["true"], { hostConfig: { NetworkMode: "container:netowner" } })).rejects.toThrow(
      `container ${owner} is not running`,
    );
    await engine().startContainer(owner);
    const shared = await home.run(
      ["sh", "-c", "hostname; ip addr show eth0 | grep -c inet; cat /etc/hosts"],
      {
        hostConfig: { NetworkMode: "container:netowner" },
      },
    );
    expect(shared.stdout).toContain(`${owner.slice(0, 12)}\n1\n`);
    for (const { Id } of await engine().listContainers({ all: true }))
      await engine().removeContainer(Id, { force: true });
  });

  it("containers of a network know each other by name and alias", async () => {
    await home.network.create({ name: "mine" });
    const id = await home.create(SERVER, {
      name: "server",
      hostConfig: { NetworkMode: "mine" },
      networkingConfig: { EndpointsConfig: { mine: { Aliases: ["www"] } } },
    });
    await engine().startContainer(id);
    const client = await home.run(
      ["sh", "-c", "for n in server www; do nslookup $n 2>&1 | tail -n 2; done; nc server 80 </dev/null"],
      { hostConfig: { NetworkMode: "mine" } },
    );
    expect(client.stdout).toContain("answer");
    expect(client.stdout).not.toContain("can't resolve");
    await engine().removeContainer(client.id);
    await engine().connectNetwork("bridge", "server");
    expect((await home.exec(id, ["ip", "addr", "show", "eth1"])).stdout).toContain("inet ");
    expect(Object.keys((await engine().inspectContainer(id)).NetworkSettings.Networks)).toEqual([
      "mine",
      "bridge",
    ]);
    await engine().disconnectNetwork("bridge", "server");
    expect((await home.exec(id, ["ip", "addr", "show", "eth1"])).exitCode).not.toBe(0);
    await engine().removeContainer(id, { force: true });
    await home.network.remove("mine");
    await expect(home.run(["true"], { hostConfig: { NetworkMode: "nosuch" } })).rejects.toThrow(
      "network nosuch not found",
    );
    for (const { Id } of await engine().listContainers({ all: true }))
      await engine().removeContainer(Id, { force: true });
  });

  it("a network that a stopped container has is not set anew; of a running one it is refused", async () => {
    await home.network.create({ name: "mine" });
    const id = await home.create(["sleep", "100"], { name: "joined", hostConfig: { NetworkMode: "mine" } });
    await engine().connectNetwork("mine", id, { Aliases: ["late"] });
    const { Aliases } = (await engine().inspectContainer(id)).NetworkSettings.Networks.mine!;
    expect(Aliases ?? []).not.toContain("late");
    await engine().startContainer(id);
    await expect(engine().connectNetwork("mine", id)).rejects.toMatchObject({
      kind: "PermissionDenied",
      message: "endpoint with name joined already exists in network mine",
    });
    await engine().removeContainer(id, { force: true });
    await home.network.remove("mine");
  });

  it("ipc and pid of another container", async () => {
    const owner = await home.create(["sh", "-c", "echo mine > /dev/shm/x; exec sleep 123"], {
      name: "owner",
      hostConfig: { IpcMode: "shareable" },
    });
    await engine().startContainer(owner);
    const { stdout } = await home.run(["sh", "-c", "cat /dev/shm/x; ps | grep -c 'sleep 123'"], {
      hostConfig: { IpcMode: "container:owner", PidMode: "container:owner" },
    });
    expect(stdout.startsWith("mine\n")).toBe(true);
    expect(Number(stdout.split("\n")[1])).toBeGreaterThanOrEqual(1);
    const closed = await home.create(["sleep", "9"], { name: "closed" });
    await engine().startContainer(closed);
    await expect(home.run(["true"], { hostConfig: { IpcMode: "container:closed" } })).rejects.toThrow(
      "non-shareable IPC",
    );
    for (const { Id } of await engine().listContainers({ all: true }))
      await engine().removeContainer(Id, { force: true });
  });
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
  });
});
