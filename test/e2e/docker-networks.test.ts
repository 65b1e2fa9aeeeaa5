import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/platform.ts";

// Networks, names, published ports and volumes as docker shows and manages them.
const house = useDockerHouse();
const sleeper = (name: string, ...options: string[]) =>
  house.ok("run", "-d", "--name", name, ...options, "busybox", "sleep", "1000");
const remove = (...names: string[]) => house.ok("rm", "-f", "-v", ...names);
const pings = async (from: string, to: string) =>
  (await house.docker("exec", from, "ping", "-c", "1", "-W", "2", to)).code === 0;

async function fetchText(url: string): Promise<string> {
  return (await fetch(url, { signal: AbortSignal.timeout(5000) })).text();
}

describe("networks", () => {
  it("are listed, made, inspected and removed", async () => {
    expect(await house.lines("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}")).toEqual([
      "bridge bridge local",
      "host host local",
      "none null local",
    ]);
    await house.ok(
      ...["network", "create", "--subnet", "10.231.0.0/24", "--gateway", "10.231.0.9"],
      ...["--ip-range", "10.231.0.128/25", "--label", "a=b", "--internal", "mine"],
    );
    const [mine] = JSON.parse(await house.ok("network", "inspect", "mine")) as Record<string, unknown>[];
    expect(mine).toMatchObject({
      Name: "mine",
      Driver: "bridge",
      Scope: "local",
      Internal: true,
      EnableIPv4: true,
      EnableIPv6: false,
      Labels: { a: "b" },
      Containers: {},
      IPAM: {
        Driver: "default",
        Options: {},
        Config: [{ Subnet: "10.231.0.0/24", IPRange: "10.231.0.128/25", Gateway: "10.231.0.9" }],
      },
    });
    expect(await house.ok("network", "ls", "--filter", "label=a", "--format", "{{.Name}}")).toBe("mine");
    expect(await house.ok("network", "ls", "--filter", "type=custom", "--format", "{{.Name}}")).toBe("mine");
    const refusals: [string[], string][] = [
      [["create", "mine"], "network with name mine already exists"],
      [["create", "host"], "operation is not permitted on predefined host network"],
      [["create", "-d", "nosuch", "x"], 'plugin "nosuch" not found'],
      [
        ["create", "--subnet", "10.231.0.0/16", "x"],
        "invalid pool request: Pool overlaps with other one on this address space",
      ],
      [
        ["create", "--subnet", "10.235.0.0/24", "--ip-range", "10.235.0.65/26", "x"],
        "invalid network config:\ninvalid ip-range 10.235.0.65/26: it should be 10.235.0.64/26",
      ],
      [
        ["create", "--subnet", "10.235.0.1/24", "--ip-range", "10.235.0.65/26", "x"],
        "invalid network config:\n* invalid subnet 10.235.0.1/24: it should be 10.235.0.0/24\n" +
          "* invalid ip-range 10.235.0.65/26: it should be 10.235.0.64/26",
      ],
      [["create", "--subnet", "fd00:235::/64", "x"], "IPv6 subnets are not supported"],
      [
        ["create", "--subnet", "foo", "x"],
        "invalid network config:\ninvalid subnet foo: invalid CIDR block notation",
      ],
      [["rm", "bridge"], "bridge is a pre-defined network and cannot be removed"],
      [["inspect", "nosuch"], "network nosuch not found"],
    ];
    for (const [args, message] of refusals) {
      expect((await house.failure("network", ...args))[1]).toContain(message);
    }
    await house.ok("network", "rm", "mine");
  });

  it("give names to containers, also to renamed ones and to those that come later", async () => {
    await house.ok("network", "create", "--subnet", "10.232.0.0/24", "team");
    await sleeper("first", "--network", "team", "--network-alias", "alias", "--hostname", "host1");
    await sleeper("second", "--network", "team", "--ip", "10.232.0.77");
    await sleeper("outside");
    for (const name of ["first", "alias", "host1", "first.team"])
      expect(await pings("second", name)).toBe(true);
    expect(await pings("first", "10.232.0.77")).toBe(true);
    expect(await pings("outside", "first")).toBe(false);
    await house.ok("rename", "first", "renamed");
    expect([await pings("second", "renamed"), await pings("second", "first")]).toEqual([true, false]);
    await house.ok("network", "connect", "--alias", "late", "team", "outside");
    expect([await pings("second", "late"), await pings("outside", "second")]).toEqual([true, true]);
    const [short, names] = (
      await house.inspect("second", "{{slice .Id 0 12}}|{{json .NetworkSettings.Networks.team.DNSNames}}")
    ).split("|");
    expect(JSON.parse(names!)).toEqual(["second", short]);
    const members = await house.ok(
      "network",
      "inspect",
      "team",
      "-f",
      "{{range .Containers}}{{.Name}} {{end}}",
    );
    expect(members.trim().split(" ").sort()).toEqual(["outside", "renamed", "second"]);
  });

  it("ask the servers that a container was given", async () => {
    const [server, resolver] = ["10.232.0.5", "--dns=10.232.0.5"];
    await sleeper("resolving", "--network", "team", resolver);
    expect(await house.ok("exec", "resolving", "cat", "/etc/resolv.conf")).not.toContain(server);
    expect(await pings("resolving", "second")).toBe(true);
    const [endpoint] = JSON.parse(
      await house.inspect("resolving", "[{{json .HostConfig.Dns}}]"),
    ) as string[][];
    expect(endpoint).toEqual([server]);
    await remove("resolving");
  });

  it("refuse what cannot be joined or left", async () => {
    const id = await house.inspect("outside", "{{.Id}}");
    const refusals: [string[], string][] = [
      [["connect", "team", "outside"], "endpoint with name outside already exists in network team"],
      [["connect", "nosuch", "outside"], "network nosuch not found"],
      [["connect", "team", "nosuch"], "No such container: nosuch"],
      [
        ["connect", "host", "outside"],
        "cannot connect container to host network - container must be created in host network mode",
      ],
      [
        ["connect", "none", "outside"],
        "container cannot be connected to multiple networks with one of the networks in private (none) mode",
      ],
    ];
    for (const [args, message] of refusals)
      expect((await house.failure("network", ...args))[1]).toBe(message);
    expect((await house.failure("network", "rm", "team"))[1]).toMatch(
      /^error while removing network: network team has active endpoints \(.*name:"second" id:"[0-9a-f]{12}".*\)/,
    );
    await house.ok("network", "disconnect", "team", "outside");
    expect((await house.failure("network", "disconnect", "team", "outside"))[1]).toBe(
      `container ${id} is not connected to network team`,
    );
    const addresses: [string[], string][] = [
      [
        ["--network", "team", "--ip", "10.9.9.9"],
        "no configured subnet or ip-range contain the IP address 10.9.9.9",
      ],
      [["--network", "team", "--ip", "10.232.0.77"], "Address already in use"],
      [["--ip", "10.9.9.9"], "user specified IP address is supported on user defined networks only"],
    ];
    for (const [options, message] of addresses) {
      expect(await house.failure("run", "--rm", ...options, "busybox", "true")).toEqual([
        125,
        expect.stringContaining(message),
      ]);
    }
    await remove("renamed", "second", "outside");
    expect((await house.ok("network", "prune", "-f")).trim()).toBe("Deleted Networks:\nteam");
  });

  it("of the pods are none of docker's", async () => {
    expect((await house.failure("network", "inspect", "gantry-pods"))[1]).toContain(
      "network gantry-pods not found",
    );
    expect((await house.failure("network", "rm", "gantry-pods"))[1]).toContain(
      "network gantry-pods not found",
    );
    expect((await house.failure("run", "--rm", "--network", "gantry-pods", "busybox", "true"))[1]).toBe(
      "failed to set up container networking: network gantry-pods not found",
    );
  });

  it("can be those of the host, of another container, or none", async () => {
    expect(await house.ok("run", "--rm", "--network", "host", "busybox", "hostname")).toBe(
      (await house.sh("hostname")).stdout.trim(),
    );
    expect(await house.ok("run", "--rm", "--network", "none", "busybox", "ls", "/sys/class/net")).toBe("lo");
    await sleeper("owner", "--hostname", "shared");
    await sleeper("guest", "--network", "container:owner");
    const address = (name: string) => house.ok("exec", name, "sh", "-c", "hostname; ip -4 addr show eth0");
    expect(await address("guest")).toBe(await address("owner"));
    for (const [option, what] of [
      ["-p=80:80", "port publishing and the container type network mode"],
      ["--hostname=x", "hostname and the network mode"],
      ["--dns=1.1.1.1", "dns and the network mode"],
      ["--add-host=a:1.1.1.1", "custom host-to-IP mapping and the network mode"],
    ]) {
      expect(
        (await house.failure("run", "--rm", "--network", "container:owner", option!, "busybox", "true"))[1],
      ).toBe(`conflicting options: ${what}`);
    }
    expect((await house.failure("run", "--rm", "--network", "container:nosuch", "busybox", "true"))[1]).toBe(
      "joining network namespace of container: No such container: nosuch",
    );
    await remove("guest", "owner");
  });
});

describe("ports", () => {
  it("lead to the container, on the address and in the range that were asked for", async () => {
    const port = await freePort();
    await house.ok(
      ...["run", "-d", "--name", "served", "-p", `127.0.0.1:${port}:80`, "-p", "80/udp", "--expose", "99"],
      ...["busybox", "httpd", "-f", "-h", "/etc"],
    );
    expect(await eventually("it answers", () => fetchText(`http://127.0.0.1:${port}/hostname`))).toMatch(
      /^[0-9a-f]{12}\n$/,
    );
    const [shown, random] = (await house.lines("port", "served")).sort();
    expect(shown).toBe(`80/tcp -> 127.0.0.1:${port}`);
    expect(random).toMatch(/^80\/udp -> 0\.0\.0\.0:\d{5}$/);
    expect(await house.ok("port", "served", "80")).toBe(`127.0.0.1:${port}`);
    expect((await house.failure("port", "served", "81"))[1]).toBe(
      "Error: No public port '81' published for served",
    );
    expect(await house.ok("ps", "--format", "{{.Ports}}")).toContain(`99/tcp`);
    expect(await house.ok("ps", "--filter", `publish=${port}`, "--format", "{{.Names}}")).toBe("served");
    expect(await house.ok("ps", "--filter", "expose=99", "--format", "{{.Names}}")).toBe("served");
    await remove("served");
  });

  it("that are taken are refused, by whomever they are held, and the container is left as it was", async () => {
    const port = await freePort();
    await sleeper("holder", "-p", `${port}:80`);
    const taken = new RegExp(
      `^failed to set up container networking: driver failed programming external connectivity on endpoint late \\([0-9a-f]{64}\\): Bind for 0\\.0\\.0\\.0:${port} failed: port is already allocated$`,
    );
    expect(await house.failure("run", "-d", "--name", "late", "-p", `${port}:80`, "busybox", "true")).toEqual(
      [125, expect.stringMatching(taken)],
    );
    expect(await house.inspect("late", "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}")).toMatch(
      /^created 128 failed to set up/,
    );
    await remove("holder");
    await house.ok("start", "late");
    await remove("late");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "0.0.0.0", resolve));
    const [, message] = await house.failure("run", "--rm", "-p", `${port}:80`, "busybox", "true");
    server.close();
    expect(message).toMatch(
      new RegExp(
        `failed to bind host port for 0\\.0\\.0\\.0:${port}:[\\d.]+:80/tcp: address already in use$`,
      ),
    );
  });

  it("are all published with -P, and a range takes the first free one", async () => {
    await sleeper("all", "-P", "--expose", "80", "--expose", "90/udp");
    expect((await house.lines("port", "all")).map((line) => line.replace(/\d{5}$/, "N")).sort()).toEqual([
      "80/tcp -> 0.0.0.0:N",
      "90/udp -> 0.0.0.0:N",
    ]);
    const first = await freePort();
    await sleeper("one", "-p", `${first}:80`);
    await sleeper("two", "-p", `${first}-${first + 10}:80`);
    const [, chosen] = (await house.ok("port", "two", "80")).split(":");
    expect(Number(chosen)).toBeGreaterThan(first);
    await remove("all", "one", "two");
  });
});

describe("volumes", () => {
  it("are made, listed, filtered, inspected and removed", async () => {
    expect(await house.ok("volume", "create", "--label", "a=b", "data")).toBe("data");
    expect(await house.ok("volume", "create", "data")).toBe("data");
    expect(await house.ok("volume", "create")).toMatch(/^[0-9a-f]{64}$/);
    expect(await house.ok("volume", "ls", "-q", "--filter", "label=a=b")).toBe("data");
    const [volume] = JSON.parse(await house.ok("volume", "inspect", "data")) as Record<string, unknown>[];
    expect(volume).toMatchObject({
      Name: "data",
      Driver: "local",
      Scope: "local",
      Labels: { a: "b" },
      Options: null,
    });
    await sleeper("user", "-v", "data:/d");
    const id = await house.inspect("user", "{{.Id}}");
    expect((await house.failure("volume", "rm", "data"))[1]).toBe(`remove data: volume is in use - [${id}]`);
    expect(await house.lines("volume", "ls", "-q", "--filter", "dangling=false")).toEqual(["data"]);
    await remove("user");
    const refusals: [string[], string][] = [
      [["rm", "nosuch"], "get nosuch: no such volume"],
      [["inspect", "nosuch"], "get nosuch: no such volume"],
      [
        ["create", "x"],
        "create x: volume name is too short, names should be at least two alphanumeric characters",
      ],
      [
        ["create", "-d", "nosuch", "vv"],
        'create vv: error looking up volume plugin nosuch: plugin "nosuch" not found',
      ],
      [["ls", "--filter", "foo=1"], "invalid filter 'foo'"],
    ];
    for (const [args, message] of refusals)
      expect((await house.failure("volume", ...args))[1]).toContain(message);
    await house.ok("volume", "rm", "-f", "nosuch");
  });

  it("are pruned: anonymous ones, or all that nobody uses", async () => {
    expect((await house.ok("volume", "prune", "-f")).split("\n")[0]).toBe("Deleted Volumes:");
    expect(await house.lines("volume", "ls", "-q")).toEqual(["data"]);
    await house.ok("run", "--rm", "-v", "data:/d", "busybox", "sh", "-c", "head -c 5000 /dev/zero > /d/x");
    expect((await house.ok("volume", "prune", "-af")).trim()).toBe(
      "Deleted Volumes:\ndata\n\nTotal reclaimed space: 5kB",
    );
  });
});
