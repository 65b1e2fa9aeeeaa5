import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";

// Volumes with options, links, log drivers and limits, as the docker client asks for them.
const house = useDockerHouse();
const dir = mkdtempSync(join(tmpdir(), "gantry-docker-options-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const runs = (...args: string[]) => house.ok("run", "--rm", ...args);

describe("volumes", () => {
  it("with options are mounted while somebody uses them, and what is in a directory stays", async () => {
    await house.ok(
      ...["volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=3m", "memory"],
    );
    expect(await runs("-v", "memory:/m", "busybox", "df", "-P", "/m")).toMatch(/^tmpfs +3072 /m);
    const place = join(dir, "place");
    mkdirSync(place);
    writeFileSync(join(place, "kept"), "x");
    const options = `type=volume,src=bound,dst=/m,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${place}`;
    await runs("--mount", options, "busybox", "touch", "/m/made");
    expect(await house.failure("volume", "create", "--opt", "device=/x", "bad")).toEqual([
      1,
      'create bad: missing required option: "type"',
    ]);
    await house.ok("volume", "rm", "memory", "bound");
    expect(readdirSync(place).sort()).toEqual(["kept", "made"]);
  });

  it("are mounted in part, and so are images", async () => {
    await runs("-v", "parts:/v", "busybox", "sh", "-c", "mkdir -p /v/a/b; echo deep > /v/a/b/file");
    const part = "type=volume,src=parts,dst=/m,volume-subpath=a/b";
    expect(await runs("--mount", part, "busybox", "cat", "/m/file")).toBe("deep");
    expect(await runs("--mount", "type=image,src=busybox,dst=/m", "busybox", "ls", "/m/etc/passwd")).toBe(
      "/m/etc/passwd",
    );
    await house.ok("volume", "rm", "parts");
  });
});

it("--link tells of the other container", async () => {
  await house.ok("run", "-d", "--name", "db", "--expose", "5432", "busybox", "sleep", "1000");
  const told = await runs("--link", "db:store", "busybox", "sh", "-c", "echo $STORE_PORT; ping -c1 store");
  const ip = await house.inspect("db", "{{.NetworkSettings.IPAddress}}");
  expect(told).toContain(`tcp://${ip}:5432\n`);
  expect(told).toContain(`PING store (${ip})`);
  await house.ok("rm", "-f", "db");
});

it("--log-driver syslog hands lines on, and docker logs has them, too", async () => {
  let text = "";
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      text += chunk;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await house.ok(
    ...["run", "-d", "--name", "logged", "--log-driver", "syslog", "--log-opt", `syslog-address=${address}`],
    ...["--log-opt", "tag={{.Name}}", "busybox", "echo", "a line"],
  );
  await eventually("the line comes", async () => /logged\[\d+\]: a line\n/.test(text));
  expect(await house.ok("logs", "logged")).toBe("a line");
  await house.ok("rm", "-f", "logged");
  server.close();
  expect(await house.failure("run", "--log-driver", "gelf", "busybox", "true")).toEqual([
    125,
    "gelf-address is a required parameter",
  ]);
});

it("what limits a disk is passed on, or told not to be there", async () => {
  expect(await house.failure("run", "--storage-opt", "size=10G", "busybox", "true")).toEqual([
    125,
    "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
  ]);
  const { code } = await house.docker("run", "--rm", "--blkio-weight", "300", "busybox", "true");
  expect(code).toBe(0);
});

it("networks keep addresses for others, and the way out has priorities", async () => {
  const reserved = ["--subnet", "10.204.1.0/24", "--aux-address", "router=10.204.1.2"];
  await house.ok("network", "create", ...reserved, "reserved");
  await house.ok("network", "create", "--subnet", "10.204.2.0/24", "preferred");
  const script = "ip -4 addr; ip route";
  const told = await runs(
    ...["--network", "reserved", "--network", "name=preferred,gw-priority=1", "busybox", "sh", "-c", script],
  );
  expect(told).toContain("10.204.1.3/24");
  expect(told).toContain("default via 10.204.2.1 ");
  await house.ok("network", "rm", "reserved", "preferred");
});
