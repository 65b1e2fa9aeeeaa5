import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DockerHouse, useDockerHouse } from "../support/docker.ts";
import { findPlugin, PLUGIN_CONFIG } from "../support/plugins.ts";
import { run } from "../support/run.ts";

// What is said of images beside them, images of layouts, and equal images of equal inputs, with the real `docker buildx`.
const plugin = findPlugin("docker-buildx");
const [first, second] = [useDockerHouse(), useDockerHouse()];
const root = mkdtempSync(join(tmpdir(), "gantry-buildx-attestations-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const name = (path: string) => `${first.platform.registry}/${path}`;
let contexts = 0;
function context(files: Record<string, string>): string {
  const dir = join(root, String(++contexts));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

async function buildx(house: DockerHouse, ...args: string[]): Promise<string> {
  const env = { ...house.platform.env, DOCKER_CONFIG: PLUGIN_CONFIG };
  const { code, stdout, stderr } = await run("docker", ["buildx", ...args], { env });
  if (code !== 0) throw new Error(stdout + stderr);
  return stdout === "" ? stderr : stdout;
}

const build = (house: DockerHouse, dir: string, ...options: string[]) =>
  buildx(house, "build", "--progress=plain", ...options, dir);

const inspected = async (reference: string, format: string) =>
  JSON.parse(await buildx(first, "imagetools", "inspect", reference, "--format", `{{json ${format}}}`));

const manifests = async (reference: string) => (await inspected(reference, ".Manifest")).manifests;

describe.skipIf(!plugin)("attestations", () => {
  const files = {
    Dockerfile:
      "FROM busybox\nARG API_TOKEN\nARG V\nCOPY status /var/lib/dpkg/status\nRUN --mount=type=secret,id=s test -s /run/secrets/s && echo $V\n",
    status: "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2\n",
    secret: "s3cr3t-value",
  };
  const options = (dir: string) => [
    "--build-arg=API_TOKEN=t0ken-value",
    "--build-arg=V=plain",
    `--secret=id=s,src=${join(dir, "secret")}`,
  ];

  it("go with an image that is pushed, by default what a build was made of and nothing more", async () => {
    const dir = context(files);
    await build(first, dir, ...options(dir), "--push", "-t", name("default:1"));
    const { SLSA } = await inspected(name("default:1"), ".Provenance");
    expect(SLSA).toMatchObject({
      buildType: "https://mobyproject.org/buildkit@v1",
      invocation: { configSource: { entryPoint: "Dockerfile" }, environment: { platform: "linux/amd64" } },
    });
    expect(SLSA.buildConfig).toBeUndefined();
    expect(JSON.stringify(SLSA)).not.toMatch(/t0ken|s3cr3t|plain/);
    expect(await manifests(name("default:1"))).toMatchObject([
      { platform: { os: "linux" } },
      { platform: { os: "unknown" }, annotations: { "vnd.docker.reference.type": "attestation-manifest" } },
    ]);
    await second.ok("pull", name("default:1"));
    expect(await second.ok("run", "--rm", name("default:1"), "cat", "/var/lib/dpkg/status")).toContain(
      "tool",
    );
  });

  it("tell what they are asked for, and no secret", async () => {
    const dir = context(files);
    const wanted = ["--provenance=mode=max", "--sbom=true", "--push", "-t", name("max:1")];
    await build(first, dir, ...options(dir), ...wanted);
    const { SLSA } = await inspected(name("max:1"), ".Provenance");
    expect(SLSA.invocation.parameters).toMatchObject({
      args: { "build-arg:V": "plain", "build-arg:API_TOKEN": "xxxxx" },
      secrets: [{ id: "s" }],
    });
    expect(SLSA.buildConfig.llbDefinition.length).toBeGreaterThan(2);
    expect(JSON.stringify(SLSA)).not.toMatch(/t0ken|s3cr3t/);
    const { SPDX } = await inspected(name("max:1"), ".SBOM");
    expect(SPDX.packages.map(({ name: one }: { name: string }) => one)).toContain("tool");
  });

  it("are no reason for an index where an image only stands here", async () => {
    const dir = context(files);
    await build(first, dir, ...options(dir), "-t", name("plain:1"));
    await first.ok("push", name("plain:1"));
    expect(await manifests(name("plain:1"))).toBeUndefined();
    await build(first, dir, ...options(dir), "--provenance=true", "-t", name("index:1"));
    await first.ok("push", name("index:1"));
    expect(await manifests(name("index:1"))).toHaveLength(2);
  });

  it("stand beside files that are sent to the client", async () => {
    const dir = context(files);
    await build(first, dir, ...options(dir), "--sbom=true", "-o", `type=local,dest=${dir}/out`);
    const sbom = JSON.parse(readFileSync(join(dir, "out", "sbom.spdx.json"), "utf8"));
    expect(sbom.predicateType).toBe("https://spdx.dev/Document");
    expect(readdirSync(join(dir, "out"))).not.toContain("provenance.json");
  });

  it("stay with what imagetools makes of images", async () => {
    const dir = context(files);
    await build(first, dir, ...options(dir), "--push", "-t", name("from:1"));
    await buildx(
      first,
      "imagetools",
      "create",
      "--annotation=index:a=b",
      "-t",
      name("made:1"),
      name("from:1"),
    );
    const raw = JSON.parse(await buildx(first, "imagetools", "inspect", "--raw", name("made:1")));
    expect(raw).toMatchObject({ annotations: { a: "b" }, manifests: [{}, {}] });
  });
});

describe.skipIf(!plugin)("images of a layout", () => {
  it("are a named context", async () => {
    const dir = context({ Dockerfile: "FROM busybox\nRUN echo layout > /file\n" });
    await build(first, dir, "-o", `type=oci,dest=${dir}/image.tar`);
    mkdirSync(join(dir, "layout"));
    execFileSync("tar", ["-xf", `${dir}/image.tar`, "-C", join(dir, "layout")]);
    const next = context({ Dockerfile: "FROM base\nRUN cat /file > /again\n" });
    await build(second, next, "--build-context", `base=oci-layout://${dir}/layout`, "-t", "layout:1");
    expect(await second.ok("run", "--rm", "layout:1", "cat", "/again")).toBe("layout");
  });
});

describe.skipIf(!plugin)("equal inputs", () => {
  beforeAll(async () => {
    await first.ok("tag", "busybox", name("base:1"));
    await first.ok("push", name("base:1"));
  });

  it("give equal images in two homes", async () => {
    const digests = [];
    for (const house of [first, second]) {
      const dir = context({
        Dockerfile: `FROM ${name("base:1")}\nCOPY a.txt /\nRUN mkdir /d && cp /a.txt /d/b && date > /dev/null\nWORKDIR /w\n`,
        "a.txt": "same\n",
      });
      const metadata = join(dir, "metadata.json");
      const output = `type=image,name=${name(`same-${digests.length}:1`)},push=true,rewrite-timestamp=true`;
      const epoch = "--build-arg=SOURCE_DATE_EPOCH=1700000000";
      await build(house, dir, epoch, "--provenance=false", "-o", output, "--metadata-file", metadata);
      digests.push(JSON.parse(readFileSync(metadata, "utf8"))["containerimage.digest"]);
    }
    expect(digests[0]).toBe(digests[1]);
  });
});
