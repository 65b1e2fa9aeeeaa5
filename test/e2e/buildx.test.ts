import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import { findPlugin, PLUGIN_CONFIG } from "../support/plugins.ts";
import { run } from "../support/run.ts";

// The real `docker buildx` against BuildKit's API.
const plugin = findPlugin("docker-buildx");
if (!plugin)
  console.warn("docker-buildx is not there: set-up could not fetch it, and nothing of it is tested");
const house = useDockerHouse();
const root = mkdtempSync(join(tmpdir(), "gantry-buildx-"));
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

async function buildx(...args: string[]) {
  const env = { ...house.platform.env, DOCKER_CONFIG: PLUGIN_CONFIG };
  return run("docker", ["buildx", ...args], { env });
}

async function built(dir: string, ...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await buildx("build", "--progress=plain", ...options, dir);
  if (code !== 0) throw new Error(stdout + stderr);
  return stdout + stderr;
}

describe.skipIf(!plugin)("docker buildx", () => {
  const files = {
    Dockerfile:
      "FROM busybox AS made\nRUN echo made > /made\nFROM scratch\nCOPY --from=made /made /\nCOPY a.txt /\n",
    "a.txt": "a\n",
  };

  it("builds an image, and from the cache the second time", async () => {
    const dir = context(files);
    expect(await built(dir, "-t", "buildx:1")).toMatch(/naming to docker.io\/library\/buildx:1/);
    expect(await built(dir, "-t", "buildx:1")).toMatch(/RUN echo made > \/made\n#\d+ CACHED/);
    expect(await house.ok("image", "inspect", "-f", "{{len .RootFS.Layers}}", "buildx:1")).toBe("2");
  });

  it.each(["local", "tar", "oci"])("sends results to the client as %s", async (type) => {
    const dir = context(files);
    const dest = join(dir, "out");
    await built(dir, "-o", `type=${type},dest=${dest}`);
    if (type === "local") {
      expect(readdirSync(dest).sort()).toEqual(["a.txt", "made"]);
      expect(readFileSync(join(dest, "made"), "utf8")).toBe("made\n");
    } else {
      const { stdout } = await run("tar", ["tf", dest]);
      expect(stdout.split("\n")).toEqual(expect.arrayContaining([type === "oci" ? "index.json" : "made"]));
    }
  });

  it("gives secrets to commands and to nothing else", async () => {
    const dir = context({
      Dockerfile: "FROM busybox\nRUN --mount=type=secret,id=t grep -q s3c /run/secrets/t\n",
      token: "s3cret",
    });
    await built(dir, "--secret", `id=t,src=${join(dir, "token")}`, "-t", "secret:1");
    expect(await house.ok("history", "--no-trunc", "secret:1")).not.toContain("s3cret");
  });

  it("shows the lines around a fault, and the exit code", async () => {
    const dir = context({ Dockerfile: "FROM busybox\nRUN echo why >&2; exit 7\n" });
    const { code, stderr } = await buildx("build", "--progress=plain", dir);
    expect(code).toBe(1);
    expect(stderr).toContain("did not complete successfully: exit code: 7");
    expect(stderr).toContain("   2 | >>> RUN echo why >&2; exit 7");
  });

  it("bakes targets that build on each other", async () => {
    const dir = context({
      "docker-bake.json": JSON.stringify({
        group: { default: { targets: ["one", "two"] } },
        target: {
          one: { "dockerfile-inline": "FROM busybox\nRUN echo 1 > /one\n", tags: ["one:1"] },
          two: {
            "dockerfile-inline": "FROM base\nRUN cat /one\n",
            contexts: { base: "target:one" },
            tags: ["two:1"],
          },
        },
      }),
    });
    const { code, stderr } = await buildx("bake", "--progress=plain", "-f", join(dir, "docker-bake.json"));
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    expect(await house.ok("run", "--rm", "two:1", "cat", "/one")).toBe("1");
  });

  it("checks, lists targets, and tells of the past, the cache and the builder", async () => {
    const dir = context({ Dockerfile: "FROM busybox as low\n" });
    expect((await buildx("build", "--check", dir)).stdout).toContain("WARNING: FromAsCasing");
    expect((await buildx("build", "--call", "targets", dir)).stdout).toMatch(/^low/m);
    expect((await buildx("history", "ls")).stdout).toMatch(/Completed|Error/);
    expect((await buildx("history", "logs")).stderr).toContain("load build definition");
    expect((await buildx("du")).stdout).toContain("Reclaimable:");
    expect((await buildx("inspect")).stdout).toMatch(/Driver: +docker\n/);
    expect((await buildx("prune", "-f")).stdout).toContain("Total:");
  });
});
