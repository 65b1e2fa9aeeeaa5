import { afterAll, beforeAll, expect, it } from "vitest";
import { openTestHome, type TestHome } from "../testing/test-home.ts";

let home: TestHome;
let target: string;
beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e5d" });
  target = await home.create(["sleep", "1000"], {
    name: "my-db",
    config: {
      Image: "busybox",
      ExposedPorts: { "5433/tcp": {}, "5432/tcp": {}, "53/udp": {}, "9/tcp": {} },
      Env: ["PASSWORD=x", "HOME=/nowhere"],
    },
  });
  await home.engine.startContainer(target);
}, 60_000);
afterAll(() => home?.close(), 60_000);

const engine = () => home.engine;
const linked = (name: string, Links: string[]) => ({ name, hostConfig: { Links } });
const addressOf = async (id: string) =>
  String((await engine().inspectContainer(id)).NetworkSettings.Networks.bridge!.IPAddress);

it("tell of the other's addresses, ports and variables", async () => {
  const { id, stdout } = await home.run(
    [
      "sh",
      "-c",
      "grep my-db /etc/hosts; env | grep ^DB_MAIN_ | sort; ping -c 1 db-main >/dev/null && echo reached",
    ],
    linked("web", ["my-db:db-main"]),
  );
  const ip = await addressOf(target);
  expect(stdout.split("\n")).toEqual([
    `${ip}\tdb-main ${target.slice(0, 12)} my-db`,
    "DB_MAIN_ENV_PASSWORD=x",
    "DB_MAIN_NAME=/web/db-main",
    `DB_MAIN_PORT=tcp://${ip}:9`,
    `DB_MAIN_PORT_53_UDP=udp://${ip}:53`,
    `DB_MAIN_PORT_53_UDP_ADDR=${ip}`,
    "DB_MAIN_PORT_53_UDP_PORT=53",
    "DB_MAIN_PORT_53_UDP_PROTO=udp",
    `DB_MAIN_PORT_5432_TCP=tcp://${ip}:5432`,
    `DB_MAIN_PORT_5432_TCP_ADDR=${ip}`,
    `DB_MAIN_PORT_5432_TCP_END=tcp://${ip}:5433`,
    "DB_MAIN_PORT_5432_TCP_PORT=5432",
    "DB_MAIN_PORT_5432_TCP_PORT_END=5433",
    "DB_MAIN_PORT_5432_TCP_PORT_START=5432",
    "DB_MAIN_PORT_5432_TCP_PROTO=tcp",
    `DB_MAIN_PORT_5432_TCP_START=tcp://${ip}:5432`,
    `DB_MAIN_PORT_5433_TCP=tcp://${ip}:5433`,
    `DB_MAIN_PORT_5433_TCP_ADDR=${ip}`,
    "DB_MAIN_PORT_5433_TCP_PORT=5433",
    "DB_MAIN_PORT_5433_TCP_PROTO=tcp",
    `DB_MAIN_PORT_9_TCP=tcp://${ip}:9`,
    `DB_MAIN_PORT_9_TCP_ADDR=${ip}`,
    "DB_MAIN_PORT_9_TCP_PORT=9",
    "DB_MAIN_PORT_9_TCP_PROTO=tcp",
    "reached",
    "",
  ]);
  expect((await engine().inspectContainer(id)).HostConfig.Links).toEqual(["/my-db:/web/db-main"]);
  const [shown] = await engine().listContainers({ filters: { id: [target] } });
  expect(shown!.Names).toEqual(["/my-db", "/web/db-main"]);
  expect(await engine().removeLink("/web/nosuch")).toBe(false);
  expect(await engine().removeLink("web/db-main")).toBe(true);
  expect((await engine().inspectContainer(id)).HostConfig.Links).toBeNull();
  await engine().removeContainer(id);
});

it("follow the other's address, and are known to commands that come later", async () => {
  const other = await home.create(["sleep", "1000"], { name: "moving" });
  await engine().startContainer(other);
  const id = await home.create(["sleep", "1000"], linked("follower", ["moving"]));
  await engine().startContainer(id);
  const hosts = async () => (await home.exec(id, ["grep", "moving", "/etc/hosts"])).stdout;
  expect(await hosts()).toBe(`${await addressOf(other)}\tmoving ${other.slice(0, 12)}\n`);
  expect((await home.exec(id, ["env"])).stdout).toContain("MOVING_NAME=/follower/moving\n");
  await engine().stopContainer(other, { timeoutSeconds: 0 });
  const taker = await home.create(["sleep", "1000"]);
  await engine().startContainer(taker);
  await engine().startContainer(other);
  expect(await hosts()).toBe(`${await addressOf(other)}\tmoving ${other.slice(0, 12)}\n`);
  for (const one of [id, other, taker]) await engine().removeContainer(one, { force: true });
});

it("need a container that runs on the default bridge", async () => {
  const stopped = await home.create(["true"], { name: "stopped" });
  const id = await home.create(["true"], linked("needy", ["stopped:s"]));
  await expect(engine().startContainer(id)).rejects.toThrow(
    "Cannot link to a non running container: /stopped AS /needy/s",
  );
  const hosted = await home.create(["true"], { name: "hosted", hostConfig: { NetworkMode: "host" } });
  await expect(home.create(["true"], { hostConfig: { Links: ["hosted"] } })).rejects.toThrow(
    "host type networking can't be used with links",
  );
  for (const one of [id, stopped, hosted]) await engine().removeContainer(one);
});
