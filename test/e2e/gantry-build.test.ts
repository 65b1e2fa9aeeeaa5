import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import { run } from "../support/run.ts";

const gantry = fileURLToPath(new URL("../../bin/gantry", import.meta.url));
const house = useDockerHouse();
const root = mkdtempSync(join(tmpdir(), "gantry-build-e2e-"));
chmodSync(root, 0o755);
afterAll(() => rmSync(root, { recursive: true, force: true }));

let contexts = 0;
function context(files: Record<string, string>): string {
  const dir = join(root, String(++contexts));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

const build = (args: readonly string[], options: { input?: string; cwd?: string } = {}) =>
  run(gantry, ["build", ...args], { env: house.platform.env, ...options });

async function built(dir: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await build(["--progress=plain", ...args, dir]);
  if (code !== 0) throw new Error(stdout + stderr);
  return stdout + stderr;
}

describe("gantry build", () => {
  it("builds in place, and from the cache the second time; what has changed is seen", async () => {
    const dir = context({
      Dockerfile:
        "FROM busybox AS made\nRUN echo made > /made\nFROM scratch\nCOPY --from=made /made /\nCOPY . /src/\n",
      ".dockerignore": "ignored\n",
      ...{ ignored: "x", "a.txt": "one" },
    });
    expect(await built(dir, "-t", "inplace:1")).toMatch(
      /#\d+ \[made 2\/2\] RUN echo made > \/made\n#\d+ DONE \d/,
    );
    const again = await built(dir, "-t", "inplace:1");
    expect(again).toMatch(/RUN echo made > \/made\n#\d+ CACHED/);
    expect(again).toMatch(/COPY \. \/src\/\n#\d+ CACHED/);
    writeFileSync(join(dir, "a.txt"), "two");
    await built(dir, "-o", join(dir, "../out"));
    expect(readdirSync(join(dir, "../out/src")).sort()).toEqual([".dockerignore", "Dockerfile", "a.txt"]);
    expect(readFileSync(join(dir, "../out/src/a.txt"), "utf8")).toBe("two");
  });

  it("shows the lines around a fault, what the step said, and warnings; exits with 1", async () => {
    const dir = context({ Dockerfile: "from busybox\nRUN echo why >&2; exit 7\n" });
    const { code, stderr } = await build(["--progress=plain", dir]);
    expect(code).toBe(1);
    expect(stderr).toContain(" > [2/2] RUN echo why >&2; exit 7:");
    expect(stderr).toContain(
      "Dockerfile:2\n--------------------\n   1 |     from busybox\n   2 | >>> RUN echo why",
    );
    expect(stderr).toMatch(/1 warning found \(use --debug to expand\):\n - ConsistentInstructionCasing/);
    expect(stderr).toMatch(
      /ERROR: failed to build: failed to solve: .*did not complete successfully: exit code: 7\n$/,
    );
  });

  it("checks, outlines and lists targets without building", async () => {
    const dir = context({ Dockerfile: "FROM scratch AS one\nFROM one AS two\n" });
    expect((await build(["--check", dir])).stdout).toBe("Check complete, no warnings found.\n");
    expect((await build(["--call=targets", dir])).stdout).toMatch(/^TARGET .*\none .*\ntwo \(default\)/);
    const bad = await build(["--check", context({ Dockerfile: "from scratch\nCOPY a /\n" })]);
    expect([bad.code, bad.stdout.split("\n", 1)[0]]).toEqual([
      1,
      "Check complete, 1 warning has been found!",
    ]);
  });

  it("takes Dockerfiles and archives from standard input, and writes results to standard output", async () => {
    const dir = context({ file: "content" });
    const listed = await run(
      "sh",
      ["-c", `printf 'FROM scratch\\nCOPY file /\\n' | ${gantry} build -q -o - -f - ${dir} | tar t`],
      { env: house.platform.env },
    );
    expect(listed.stdout).toBe("file\n");
    writeFileSync(join(dir, "Dockerfile"), "FROM scratch\nCOPY file /\n");
    const archive = await run("sh", ["-c", `tar cC ${dir} . | ${gantry} build -o ${dir}/out -`], {
      env: house.platform.env,
    });
    expect([archive.code, readdirSync(join(dir, "out"))]).toEqual([0, ["file"]]);
  });

  it("gives secrets, agents, contexts, arguments and labels to the build, and writes ids and metadata", async () => {
    const agent = await echoAgent(join(root, "agent.sock"));
    const other = context({ "from-other": "o" });
    const dir = context({
      Dockerfile: [
        "FROM busybox",
        "ARG WHO",
        "RUN --mount=type=secret,id=t grep -q ^s3.ret /run/secrets/t",
        "RUN --mount=type=ssh test -S $SSH_AUTH_SOCK",
        "COPY --from=other from-other /",
        'RUN test "$WHO" = me',
      ].join("\n"),
    });
    writeFileSync(join(root, "token"), "s3cret");
    const [id, metadata] = [join(root, "id"), join(root, "metadata")];
    await built(
      dir,
      ...["--secret", `id=t,src=${join(root, "token")}`, "--ssh", `default=${join(root, "agent.sock")}`],
      ...["--build-context", `other=${other}`, "--build-arg", "WHO=me", "--label", "x=y", "-t", "all:1"],
      ...["--iidfile", id, "--metadata-file", metadata],
    );
    agent.close();
    expect(await house.ok("image", "inspect", "-f", "{{.Id}} {{.Config.Labels.x}}", "all:1")).toBe(
      `${readFileSync(id, "utf8")} y`,
    );
    expect(JSON.parse(readFileSync(metadata, "utf8"))["image.name"]).toContain("all:1");
    expect(await house.ok("history", "--no-trunc", "all:1")).not.toContain("s3cret");
  });

  it("does not read for others what they may not read themselves", async () => {
    const dir = context({ Dockerfile: "FROM scratch\nCOPY . /\n", "of-root": "secret" });
    chmodSync(join(dir, "of-root"), 0o600);
    const socket = house.platform.env.DOCKER_HOST!.replace("unix://", "");
    const copy = context({ Dockerfile: readFileSync(join(dir, "Dockerfile"), "utf8") });
    expect(existsSync(socket)).toBe(true);
    // A member of the socket's group, as users of Docker are.
    chownSync(socket, 0, 65534);
    chmodSync(socket, 0o660);
    chmodSync(dirname(socket), 0o711);
    const asNobody = (place: string) =>
      run("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", gantry, "build", "-q", place], {
        env: { ...house.platform.env, DOCKER_HOST: `unix://${socket}`, GANTRY_HOME: "" },
      });
    const refused = await asNobody(dir);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/permission denied.*of-root/);
    expect((await asNobody(copy)).stderr).toBe("");
  });

  it("ends at the first Ctrl-C with 130, and its step with it", async () => {
    const dir = context({ Dockerfile: "FROM busybox\nRUN echo begun; sleep 300\n" });
    const child = spawn(gantry, ["build", "--progress=plain", dir], { env: house.platform.env });
    let text = "";
    child.stderr.on("data", (data) => {
      text += data;
    });
    while (!text.includes(" begun")) await once(child.stderr, "data");
    child.kill("SIGINT");
    const [code] = await once(child, "exit");
    expect(code).toBe(130);
    expect(text).toContain("ERROR: failed to build: failed to solve: Canceled: context canceled");
    expect(text).toMatch(/#\d+ CANCELED/);
  });

  it.each<[string[], string]>([
    [["nowhere"], 'ERROR: failed to build: unable to prepare context: path "nowhere" not found\n'],
    [["--progress=nope", "."], "ERROR: invalid progress mode nope\n"],
    [["--secret=id", "."], "ERROR: invalid field 'id' must be a key=value pair\n"],
    [["--no-such-flag", "."], "ERROR: unknown flag: --no-such-flag\n"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await build(args, { cwd: root });
    expect([code, stderr]).toEqual([1, message]);
  });
});

/** Something that listens as an agent does. */
async function echoAgent(path: string): Promise<Server> {
  const server = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

describe("gantry compose build", () => {
  let project = "";
  beforeAll(() => {
    const inline = (...lines: string[]) => lines.map((line) => `        ${line}\n`).join("");
    project = context({
      "app/a": "app\n",
      "lib/l": "lib\n",
      "compose.yaml": `services:
  base:
    image: shared-base
    build:
      context: app
      dockerfile_inline: |
${inline("FROM busybox", "RUN echo base > /base")}
  web:
    build:
      context: app
      args: { WHO: me }
      secrets: [token]
      additional_contexts: { lib: ./lib, base: "service:base" }
      tags: ["web:extra"]
      labels: { x: "y" }
      shm_size: 32m
      extra_hosts: ["mine=10.1.2.3"]
      dockerfile_inline: |
${inline(
  "FROM base",
  "ARG WHO",
  "COPY --from=lib l /l",
  "COPY a /a",
  `RUN --mount=type=secret,id=token test "$$(cat /run/secrets/token)" = top`,
  "RUN grep -q '10.1.2.3.*mine' /etc/hosts && df /dev/shm | grep -q ' 32768 ' && echo $$WHO > /who",
)}
    command: cat /who /l /a /base
secrets:
  token: { environment: TOKEN }
`,
    });
  });

  it("builds with secrets, named contexts, other services' images, and all that a build may say", async () => {
    const env = { ...house.platform.env, TOKEN: "top", COMPOSE_PROJECT_NAME: "built" };
    const { code, stdout, stderr } = await run(gantry, ["compose", "build"], { env, cwd: project });
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/#\d+ \[web stage-0 \d\/\d\] COPY a \/a|#\d+ \[web \d\/\d\] COPY a \/a/);
    const format = '{{.Config.Labels.x}} {{index .Config.Labels "com.docker.compose.service"}}';
    expect(await house.ok("image", "inspect", "-f", format, "web:extra")).toBe("y web");
    const up = await run(gantry, ["compose", "up", "--build", "web"], { env, cwd: project });
    expect(up.stdout).toMatch(/me\n.*lib\n.*app\n.*base\n/s);
    await run(gantry, ["compose", "down"], { env, cwd: project });
  });

  it("tells which service's build failed, where and why", async () => {
    const dir = context({
      "compose.yaml":
        'services:\n  bad:\n    build:\n      dockerfile_inline: "FROM busybox\\nRUN exit 3\\n"\n',
    });
    const { code, stderr } = await run(gantry, ["compose", "build"], { env: house.platform.env, cwd: dir });
    expect(code).toBe(1);
    expect(stderr).toContain("   2 | >>> RUN exit 3");
    expect(stderr).toMatch(/target bad: failed to solve: .*exit code: 3/);
  });
});
