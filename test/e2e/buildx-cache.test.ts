import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DockerHouse, useDockerHouse } from "../support/docker.ts";
import { findPlugin, PLUGIN_CONFIG } from "../support/plugins.ts";
import { run } from "../support/run.ts";

// Caches of builds that go from one home to another, with the real `docker buildx`.
const plugin = findPlugin("docker-buildx");
const [first, second] = [useDockerHouse(), useDockerHouse()];
const root = mkdtempSync(join(tmpdir(), "gantry-buildx-cache-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const dockerfile = (base: string) =>
  [
    `FROM ${base} AS made`,
    "RUN echo made > /made && cat /proc/sys/kernel/random/uuid > /id",
    `FROM ${base}`,
    "COPY --from=made /made /id /",
    "COPY a.txt /",
    "RUN cat /made /a.txt > /both",
  ].join("\n");

const name = (path: string) => `${first.platform.registry}/${path}`;

let contexts = 0;
function context(files: Record<string, string>): string {
  const dir = join(root, String(++contexts));
  for (const [path, text] of Object.entries({
    Dockerfile: dockerfile(name("base:1")),
    "a.txt": "a\n",
    ...files,
  })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

async function buildx(house: DockerHouse, ...args: string[]): Promise<string> {
  const env = { ...house.platform.env, DOCKER_CONFIG: PLUGIN_CONFIG };
  const { code, stdout, stderr } = await run("docker", ["buildx", ...args], { env });
  if (code !== 0) throw new Error(stdout + stderr);
  return stdout + stderr;
}

const build = (house: DockerHouse, dir: string, ...options: string[]) =>
  buildx(house, "build", "--progress=plain", ...options, dir);

/** Names of the steps that were carried out. */
function carriedOut(output: string): string[] {
  const names = new Map(
    [...output.matchAll(/^(#\d+) (\[.*\] (?:RUN|COPY) .*)$/gm)].map(([, id, name]) => [id, name]),
  );
  for (const [, id] of output.matchAll(/^(#\d+) CACHED$/gm)) names.delete(id);
  return [...names.values()] as string[];
}

describe.skipIf(!plugin)("caches", () => {
  // The same base for both: what each makes of the machine's programs has times of its own.
  beforeAll(async () => {
    await first.ok("tag", "busybox", name("base:1"));
    await first.ok("push", name("base:1"));
  });

  it.each([
    ["min", ""],
    ["max", ""],
    ["max", ",image-manifest=false"],
    ["max", ",compression=zstd,oci-mediatypes=true"],
  ])("of a registry, mode=%s%s: another home runs nothing", async (mode, more) => {
    const dir = context({ "a.txt": `${mode}${more}\n` });
    const ref = name(`cache:${mode}-${more.length}`);
    expect(await build(first, dir, `--cache-to=type=registry,ref=${ref},mode=${mode}${more}`)).toMatch(
      /exporting cache to registry[\s\S]*writing cache image manifest/,
    );
    const output = await build(second, dir, `--cache-from=type=registry,ref=${ref}`, "-t", "got:1");
    expect(carriedOut(output)).toEqual([]);
    expect(await second.ok("run", "--rm", "got:1", "cat", "/both")).toBe(`made\n${mode}${more}`);
    await second.ok("builder", "prune", "-af");
    await second.ok("image", "rm", "got:1");
  });

  it("of a directory", async () => {
    const dir = context({ "a.txt": "local\n" });
    const dest = join(root, "local");
    await build(first, dir, `--cache-to=type=local,dest=${dest},mode=max`);
    expect(JSON.parse(readFileSync(join(dest, "index.json"), "utf8"))).toMatchObject({ schemaVersion: 2 });
    expect(carriedOut(await build(second, dir, `--cache-from=type=local,src=${dest}`))).toEqual([]);
    await build(first, dir, `--cache-to=type=local,dest=${dest},mode=max`);
    await second.ok("builder", "prune", "-af");
  });

  it("that an image carries", async () => {
    const dir = context({ "a.txt": "inline\n" });
    const image = name("inline:1");
    await build(first, dir, "--cache-to=type=inline", "-t", image, "--push");
    const output = await build(second, dir, `--cache-from=${image}`, "-t", "got:2");
    expect(carriedOut(output)).toEqual([]);
    expect(await second.ok("run", "--rm", "got:2", "cat", "/both")).toBe("made\ninline");
    await second.ok("builder", "prune", "-af");
    await second.ok("image", "rm", "got:2");
  });

  it("are got by those who bake, too; what is not there is told of and does not matter", async () => {
    const dir = context({ "a.txt": "bake\n" });
    const ref = name("cache:bake");
    const target = {
      context: dir,
      "cache-from": [`type=registry,ref=${ref}`],
      "cache-to": [`type=registry,ref=${ref},mode=max`],
    };
    const file = join(dir, "bake.json");
    writeFileSync(file, JSON.stringify({ target: { default: target } }));
    const options = ["bake", "--progress=plain", `--allow=fs.read=${root}`, "-f", file];
    const missing = await buildx(first, ...options);
    expect(missing).toMatch(/importing cache manifest from .*\n#\d+ ERROR: .*not found/);
    expect(carriedOut(await buildx(second, ...options))).toEqual([]);
  });

  it("are refused where they cannot be kept", async () => {
    const dir = context({});
    await expect(
      build(first, dir, "--cache-to=type=azblob,account_url=https://x,name=z,secret_access_key=y"),
    ).rejects.toThrow(/type azblob/);
    const unreachable = "--cache-to=type=registry,ref=127.0.0.1:1/x";
    await expect(build(first, dir, unreachable)).rejects.toThrow(/connect/);
    await build(first, dir, `${unreachable},ignore-error=true`);
  });
});
