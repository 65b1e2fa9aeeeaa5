import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { SHOP, SLEEP } from "../compose/projects.ts";
import { ComposeProject } from "../support/compose-project.ts";
import { useDockerHouse } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { gantryBinary } from "../support/platform.ts";

// `gantry compose` with containers that really run.
const house = useDockerHouse();
let current: ComposeProject | undefined;
afterEach(async () => {
  await current?.end();
  current = undefined;
});

const project = (compose: string, files: Record<string, string> = {}): ComposeProject => {
  current = new ComposeProject(house, { "compose.yaml": compose, ...files });
  return current;
};

const TOKEN = { env: { TOKEN: "s3cret" } };

const names = async (shop: ComposeProject) =>
  (await shop.ok("ps", "--all", "--format", "{{.Name}}")).split("\n").filter(Boolean);
const ids = (name: string) =>
  house.lines("ps", "-aq", "--no-trunc", "--filter", `label=com.docker.compose.project=${name}`);

describe("up and down", () => {
  it("make a project with order, health, hooks, networks, configurations and secrets, and take it away", async () => {
    const shop = project(SHOP);
    const up = await shop.gantryWith(TOKEN, "up", "--detach");
    expect([up.code, up.stderr]).toEqual([0, expect.stringContaining("Container shop-db-1  Healthy")]);
    expect(up.stderr.indexOf("shop-init-1  Exited")).toBeLessThan(up.stderr.indexOf("shop-web-1  Starting"));
    expect(await names(shop)).toEqual(["shop-db-1", "shop-init-1", "shop-web-1", "shop-web-2"]);
    expect(await shop.ok("exec", "web", "cat", "/hook", "/etc/settings", "/run/secrets/token")).toBe(
      "hooked\na=1s3cret",
    );
    expect(await shop.ok("exec", "web", "nslookup", "www")).toContain("Address");
    expect(await house.inspect("shop-web-1", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}")).toBe(
      "67108864 500000000",
    );
    expect(await shop.ok("logs", "init")).toBe("init-1  | initialised\n");

    const before = await ids("shop");
    const again = await shop.gantryWith(TOKEN, "up", "--detach");
    expect(again.stderr).toContain("Container shop-web-1  Running");
    expect(await ids("shop")).toEqual(before);

    const down = await shop.gantry("down", "--volumes");
    expect(down.code).toBe(0);
    expect(down.stderr.indexOf("shop-web-1  Removed")).toBeLessThan(
      down.stderr.indexOf("shop-db-1  Stopping"),
    );
    expect(await ids("shop")).toEqual([]);
    expect(await house.lines("volume", "ls", "-q", "--filter", "name=shop")).toEqual([]);
    expect(await house.lines("network", "ls", "-q", "--filter", "name=shop")).toEqual([]);
  });

  it("make anew only what has changed, and keep anonymous volumes", async () => {
    const app = project(`
name: renewed
services:
  a: {image: busybox, command: ${SLEEP}, volumes: [/kept], environment: {V: "1"}}
  b: {image: busybox, command: ${SLEEP}}
`);
    await app.ok("up", "-d");
    await app.ok("exec", "a", "sh", "-c", "echo mine > /kept/file");
    const [b] = await house.lines("ps", "-q", "--filter", "name=renewed-b-1");
    app.write("compose.override.yaml", 'services: {a: {environment: {V: "2"}}}');
    const up = await app.gantry("up", "-d");
    expect(up.stderr).toContain("Container renewed-a-1  Recreated");
    expect(up.stderr).toContain("Container renewed-b-1  Running");
    expect(await app.ok("exec", "a", "sh", "-c", "echo $V; cat /kept/file")).toBe("2\nmine\n");
    expect(await house.lines("ps", "-q", "--filter", "name=renewed-b-1")).toEqual([b]);
  });

  it("tell and remove orphans, and scale", async () => {
    const app = project(`
name: orphans
services:
  a: {image: busybox, command: ${SLEEP}}
  b: {image: busybox, command: ${SLEEP}}
`);
    await app.ok("up", "-d", "--scale", "a=3");
    expect((await names(app)).length).toBe(4);
    app.write(
      "compose.yaml",
      `name: orphans\nservices: {a: {image: busybox, command: ${JSON.stringify(SLEEP)}}}`,
    );
    const up = await app.gantry("up", "-d");
    expect(up.stderr).toContain("Found orphan containers ([orphans-b-1]) for this project");
    expect(await names(app)).toEqual(["orphans-a-1", "orphans-b-1"]);
    await app.ok("up", "-d", "--remove-orphans");
    expect(await names(app)).toEqual(["orphans-a-1"]);
  });

  it("fail with what a dependency has ended with", async () => {
    const app = project(`
name: failing
services:
  a: {image: busybox, command: "true", depends_on: {b: {condition: service_completed_successfully}}}
  b: {image: busybox, command: sh -c "exit 4"}
`);
    const { code, stderr } = await app.gantry("up", "-d");
    expect(code).toBe(1);
    expect(stderr).toContain(`service "b" didn't complete successfully: exit 4`);
  });

  it("wait until all are healthy, but not for ever", async () => {
    const app = project(`
name: waiting
services:
  a: {image: busybox, command: ${SLEEP}, healthcheck: {test: "false", interval: 1s, retries: 100, start_period: 60s}}
`);
    const { code, stderr } = await app.gantry("up", "--wait", "--wait-timeout", "1");
    expect([code, stderr]).toEqual([1, expect.stringContaining("application not healthy after 1s")]);
  });

  it("refuse what is not there, in words", async () => {
    const app = project("services: {a: {image: busybox, models: [m]}}\nmodels: {m: {model: x}}");
    const models = await app.gantry("up", "-d");
    expect([models.code, models.stderr]).toEqual([
      1,
      expect.stringContaining("`models` are not implemented"),
    ]);
    app.write("compose.yaml", "services: {a: {provider: {type: cloud}}}");
    expect((await app.gantry("up", "-d")).stderr).toContain("`provider` (type cloud) is not implemented");
    app.write(
      "compose.yaml",
      "services: {a: {image: busybox, secrets: [s]}}\nsecrets: {s: {external: true}}",
    );
    expect((await app.gantry("up", "-d")).stderr).toContain("unsupported external secret s");
  });
});

describe("in the foreground", () => {
  const TALKERS = `
name: talk
services:
  a: {image: busybox, command: sh -c "trap 'echo bye; exit 0' TERM; echo hello; while true; do sleep 0.1; done"}
  bb: {image: busybox, command: sh -c "sleep 0.3; echo out; echo err >&2; exit 3"}
`;

  it("shows what containers say and ends with the code of the one that is asked for", async () => {
    const talk = project(TALKERS);
    const { code, stdout, stderr } = await talk.gantry("up", "--exit-code-from", "bb");
    expect(code).toBe(3);
    expect(stdout).toContain("Attaching to a-1, bb-1\n");
    expect(stdout).toContain("a-1   | hello\n");
    expect(stdout).toContain("bb-1  | out\n");
    expect(stderr).toContain("bb-1  | err\n");
    expect(stdout).toMatch(
      /bb-1 exited with code 3\n(?:.|\n)*a-1 {3}\| bye\n(?:.|\n)*a-1 exited with code 0\n/,
    );
  });

  it("stops all at a signal", async () => {
    const talk = project(TALKERS);
    const child = spawn(gantryBinary, ["compose", "up"], { cwd: talk.directory, env: house.platform.env });
    let out = "";
    child.stdout.on("data", (bytes: Buffer) => (out += bytes));
    const code = new Promise((resolve) => child.on("close", resolve));
    await eventually("it has said hello", async () => out.includes("a-1   | hello"));
    child.kill("SIGINT");
    expect(await code).toBe(0);
    expect(out).toContain("Gracefully Stopping... press Ctrl+C again to force\n");
    expect(out).toContain("a-1   | bye\n");
    expect(await talk.ok("ps", "-q")).toBe("");
  });
});

describe("commands on a running project", () => {
  it("exec, run, cp, logs, port, top, ls, kill, pause, restart, stop, start, rm, wait", async () => {
    const app = project(
      `
name: verbs
services:
  web: {image: busybox, command: ${SLEEP}, ports: ["127.0.0.1::80"], depends_on: [db]}
  db: {image: busybox, command: sh -c "echo up; trap 'exit 7' TERM; while true; do sleep 0.1; done"}
`,
      { "file.txt": "from here\n" },
    );
    await app.ok("up", "-d");
    expect((await app.gantry("exec", "web", "sh", "-c", "exit 9")).code).toBe(9);
    expect((await app.gantryWith({ input: "typed\n" }, "exec", "-T", "web", "cat")).stdout).toBe("typed\n");
    const run = await app.gantryWith(
      { input: "in\n" },
      "run",
      "--rm",
      "-T",
      "-e",
      "A=1",
      "web",
      "sh",
      "-c",
      "cat; echo $A; exit 5",
    );
    expect([run.code, run.stdout]).toEqual([5, "in\n1\n"]);
    await app.ok("cp", "file.txt", "web:/there.txt");
    await app.ok("cp", "web:/there.txt", "back.txt");
    expect(readFileSync(join(app.directory, "back.txt"), "utf8")).toBe("from here\n");
    expect(await app.ok("logs", "--no-log-prefix", "db")).toBe("up\n");
    expect(await app.ok("port", "web", "80")).toMatch(/^127\.0\.0\.1:\d+\n$/);
    expect((await app.gantry("port", "web", "81")).stderr).toContain(
      "no port 81/tcp for container verbs-web-1",
    );
    expect(await app.ok("top", "db")).toMatch(/^SERVICE +# +UID .*CMD\ndb +1 +root /);
    expect(JSON.parse(await app.ok("ls", "--format", "json"))).toContainEqual({
      Name: "verbs",
      Status: "running(2)",
      ConfigFiles: join(app.directory, "compose.yaml"),
    });
    await app.ok("pause", "db");
    expect(await app.ok("ps", "db", "--format", "{{.State}}")).toBe("paused\n");
    await app.ok("unpause", "db");
    await app.ok("restart", "web");
    const waiting = app.gantry("wait", "db");
    await new Promise((resolve) => setTimeout(resolve, 500));
    await app.ok("kill", "-s", "SIGTERM", "db");
    expect((await waiting).code).toBe(7);
    await app.ok("start", "db");
    await app.ok("stop", "-t", "1");
    expect(await app.ok("rm", "-f")).toContain("Going to remove verbs-db-1, verbs-web-1");
    expect(await names(app)).toEqual([]);
  });

  it("build, images, push and pull", async () => {
    const app = project(
      `
name: built
services:
  own: {build: {context: ctx, args: {WHO: world}}, image: "${"$"}{REGISTRY}/own:1", command: cat /who}
  inline: {build: {dockerfile_inline: "FROM busybox\\nRUN echo inline > /who"}, command: cat /who}
`,
      {
        "ctx/Dockerfile": "FROM busybox\nARG WHO\nCOPY . /src\nRUN echo hello $WHO > /who\n",
        "ctx/kept": "",
        "ctx/left-out": "",
        "ctx/.dockerignore": "left-out\n",
      },
    );
    const env = { REGISTRY: house.platform.registry };
    const up = await app.gantryWith({ env }, "up", "--no-log-prefix");
    expect(up.stdout).toContain("hello world\n");
    expect(up.stdout).toContain("inline\n");
    expect((await app.gantryWith({ env }, "run", "--rm", "own", "ls", "/src")).stdout).toBe(
      "Dockerfile\nkept\n",
    );
    expect((await app.gantryWith({ env }, "push")).stderr).toContain(
      `${house.platform.registry}/own:1 Pushed`.split(" ")[0],
    );
    await app.gantryWith({ env }, "down", "--rmi", "all");
    expect((await app.gantryWith({ env }, "pull", "own")).code).toBe(0);
    expect(await house.ok("images", "-q", `${house.platform.registry}/own`)).not.toBe("");
  });

  it("watch copies what changes into the container, and removes what goes", async () => {
    const app = project(
      `
name: watched
services:
  a:
    image: busybox
    command: ${SLEEP}
    develop: {watch: [{path: src, action: sync, target: /src, ignore: ["*.tmp"], initial_sync: true}]}
`,
      { "src/first": "1", "src/x.tmp": "" },
    );
    const child = spawn(gantryBinary, ["compose", "watch"], { cwd: app.directory, env: house.platform.env });
    let out = "";
    child.stdout.on("data", (bytes: Buffer) => (out += bytes));
    const ended = new Promise((resolve) => child.on("close", resolve));
    await eventually("it watches", async () => out.includes("Watch enabled"));
    expect(await app.ok("exec", "a", "ls", "/src")).toBe("first\n");
    app.write("src/sub/second", "2");
    await eventually(
      "the file is there",
      async () => (await app.gantry("exec", "a", "cat", "/src/sub/second")).stdout === "2",
    );
    expect(out).toMatch(/Syncing service "a" after \d+ changes were detected/);
    child.kill("SIGINT");
    await ended;
  });
});

describe("on the cluster", () => {
  const kubectl = async (...args: string[]) => (await house.platform.kubectl("-n", "shop", ...args)).stdout;

  it("runs the same file, with the same names, health and order, and takes it away", async () => {
    const shop = project(SHOP);
    const up = await shop.gantryWith(TOKEN, "up", "--detach", "--wait", "--on", "cluster");
    expect([up.code, up.stderr]).toEqual([0, expect.stringContaining("Deployment web  Ready")]);
    expect(up.stderr.indexOf("Job init  Completed")).toBeLessThan(
      up.stderr.indexOf("Deployment web  Applying"),
    );
    expect(up.stderr).toContain("services are not kept apart by networks");
    const read = "cat /hook /etc/settings /run/secrets/token; nslookup www.shop.svc.cluster.local";
    const said = await kubectl("exec", "deploy/web", "--", "sh", "-c", read);
    expect(said).toMatch(/^hooked\na=1s3cret/);
    expect(said.match(/Name:\s+www\.shop/g)?.length).toBe(2);
    expect(await kubectl("get", "deployment,job,pvc", "-o", "name")).toBe(
      "deployment.apps/db\ndeployment.apps/web\njob.batch/init\npersistentvolumeclaim/data\n",
    );

    shop.write("compose.yaml", SHOP.replace("{aliases: [www]}", ""));
    const again = await shop.gantryWith(TOKEN, "up", "--detach", "--on", "cluster");
    expect(again.stderr).toContain("Service www  Removed");

    expect((await shop.gantry("down", "--on", "cluster")).code).toBe(0);
    expect(await kubectl("get", "pods,pvc", "-o", "name")).toBe("persistentvolumeclaim/data\n");
    expect((await shop.gantry("down", "--on", "cluster", "--volumes")).stderr).toContain(
      "Namespace shop  Removed",
    );
  });

  it("prints what it would apply, as kubectl takes it", async () => {
    const shop = project(SHOP);
    const { stdout } = await shop.gantryWith(TOKEN, "convert");
    shop.write("objects.yaml", stdout);
    const path = join(shop.directory, "objects.yaml");
    const applied = await house.platform.kubectl("create", "--dry-run=client", "-o", "name", "-f", path);
    expect(applied.stdout).toContain("deployment.apps/web\n");
  });
});
