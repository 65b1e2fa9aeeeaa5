import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";

// Images as docker lists, names, removes, saves, loads, pushes and pulls them.
const house = useDockerHouse();
const dir = mkdtempSync(join(tmpdir(), "gantry-docker-images-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A small image of its own: its only layer over busybox holds the text. */
async function build(tag: string, text: string, ...more: string[]): Promise<string> {
  const dockerfile = [`FROM busybox`, `RUN echo ${text} > /text`, ...more].join("\n");
  const result = await house.sh(`docker build -q -t ${tag} -`, { input: dockerfile });
  return result.stdout.trim();
}
const names = (...args: string[]) => house.lines("images", "--format", "{{.Repository}}:{{.Tag}}", ...args);
const short = (id: string) => id.replace("sha256:", "").slice(0, 12);

describe("lists and names", () => {
  it("filter by name, label, age and whether anything points to an image", async () => {
    await build("shop/web:1.0", "one", "LABEL tier=web");
    await build("shop/web:1.1", "two");
    await build("shop/web:1.1", "three");
    expect((await names("shop/*")).sort()).toEqual(["shop/web:1.0", "shop/web:1.1"]);
    expect(await names("--filter", "reference=shop/web:1.0")).toEqual(["shop/web:1.0"]);
    expect(await names("--filter", "label=tier=web")).toEqual(["shop/web:1.0"]);
    expect(await names("--filter", "dangling=true")).toEqual(["<none>:<none>"]);
    expect(await names("--filter", "since=shop/web:1.0", "--filter", "dangling=false")).toEqual([
      "shop/web:1.1",
    ]);
    expect(await names("--filter", "before=shop/web:1.0")).toEqual(["busybox:latest"]);
    expect((await names("-a")).length).toBeGreaterThan((await names()).length);
    expect((await house.failure("images", "--filter", "foo=1"))[1]).toBe("invalid filter 'foo'");
    expect((await house.failure("images", "--filter", "since=nosuch"))[1]).toBe(
      "No such image: nosuch:latest",
    );
  });

  it("tell each layer's size and origin", async () => {
    const [top, step, base] = await house.lines(
      "history",
      "--format",
      "{{.Size}} {{.CreatedBy}}",
      "shop/web:1.0",
    );
    expect(top).toBe("0B /bin/sh -c #(nop)  LABEL tier=web");
    expect(step).toBe("4B /bin/sh -c echo one > /text");
    expect(base).toMatch(/^1\.\d+MB /);
    const [size, layers] = (await house.inspect("shop/web:1.0", "{{.Size}} {{len .RootFS.Layers}}")).split(
      " ",
    );
    expect(Number(size)).toBe(Number(await house.inspect("busybox", "{{.Size}}")) + 4);
    expect(layers).toBe("2");
  });

  it("follow Docker's rules of tag and rmi", async () => {
    const id = await house.inspect("shop/web:1.0", "{{.Id}}");
    await house.ok("tag", "shop/web:1.0", "other:1");
    expect((await house.failure("tag", "nosuch", "x"))[1]).toBe("No such image: nosuch:latest");
    // The client itself says so.
    expect((await house.failure("tag", "busybox", "shop/WEB"))[1]).toBe(
      'Error parsing reference: "shop/WEB" is not a valid repository/tag: invalid reference format: repository name (shop/WEB) must be lowercase',
    );
    expect(await house.ok("rmi", "other:1")).toBe("Untagged: other:1");
    expect((await house.failure("rmi", "nosuch"))[1]).toContain("No such image: nosuch:latest");
    await house.ok("run", "-d", "--name", "user", "shop/web:1.0", "sleep", "1000");
    const container = (await house.inspect("user", "{{.Id}}")).slice(0, 12);
    expect((await house.failure("rmi", "shop/web:1.0"))[1]).toContain(
      `conflict: unable to remove repository reference "shop/web:1.0" (must force) - container ${container} is using its referenced image ${short(id)}`,
    );
    await house.ok("tag", "shop/web:1.0", "other:1");
    expect((await house.failure("rmi", id))[1]).toContain(
      `conflict: unable to delete ${short(id)} (cannot be forced) - image is being used by running container ${container}`,
    );
    await house.ok("rm", "-f", "user");
    expect((await house.failure("rmi", id))[1]).toContain(
      `conflict: unable to delete ${short(id)} (must be forced) - image is referenced in multiple repositories`,
    );
    expect((await house.failure("rmi", await house.inspect("busybox", "{{.Id}}")))[1]).toContain(
      "(cannot be forced) - image has dependent child images",
    );
    const removed = await house.lines("rmi", "-f", id);
    expect(removed.filter((line) => line.startsWith("Untagged"))).toEqual([
      "Untagged: other:1",
      "Untagged: shop/web:1.0",
    ]);
    // The image, its parent image (an intermediate step), and the layer that both had, by its chain id.
    const deleted = removed.filter((line) => line.startsWith("Deleted"));
    expect(deleted[0]).toBe(`Deleted: ${id}`);
    expect(deleted).toHaveLength(3);
    expect(new Set(deleted).size).toBe(3);
  });

  it("are pruned with what they freed", async () => {
    expect((await house.ok("image", "prune", "-f")).split("\n").at(-1)).toBe("Total reclaimed space: 4B");
    expect(await names("--filter", "dangling=true")).toEqual([]);
    await house.ok("create", "--name", "keeps", "busybox", "true");
    const pruned = await house.ok("image", "prune", "-af");
    expect(pruned).toMatch(/^untagged: shop\/web:1\.1$/m);
    expect(pruned.split("\n").at(-1)).toBe("Total reclaimed space: 6B");
    expect(await names()).toEqual(["busybox:latest"]);
    await house.ok("rm", "keeps");
    expect((await house.failure("image", "prune", "-f", "--filter", "until=foo"))[1]).toBe(
      'failed to parse value as time or duration: "foo"',
    );
  });
});

describe("save and load", () => {
  it("carry images with their names, and tell only those of the archive", async () => {
    const id = await build("carry:1", "carried");
    const archive = join(dir, "images.tar");
    await house.ok("save", "-o", archive, "carry:1", "busybox");
    await house.ok("tag", "carry:1", "elsewhere:1");
    expect((await house.lines("load", "-i", archive)).sort()).toEqual([
      "Loaded image: busybox:latest",
      "Loaded image: carry:1",
    ]);
    await house.ok("rmi", "carry:1", "elsewhere:1");
    await house.ok("load", "-q", "-i", archive);
    expect(await house.inspect("carry:1", "{{.Id}}")).toBe(id);
    expect(await house.ok("run", "--rm", "carry:1", "cat", "/text")).toBe("carried");
    await house.ok("save", "-o", archive, id);
    await house.ok("rmi", "carry:1");
    expect(await house.ok("load", "-i", archive)).toBe(`Loaded image ID: ${id}`);
    expect(await house.inspect(id, "{{json .RepoTags}}")).toBe("[]");
    await house.ok("rmi", id);
    expect((await house.failure("save", "nosuch"))[1]).toContain("No such image: nosuch");
    const junk = await house.sh("head -c 3000000 /dev/urandom | docker load");
    expect([junk.code, junk.stderr]).toEqual([1, expect.stringContaining("invalid")]);
    expect(junk.stderr).not.toContain("broken pipe");
  });
});

describe("registry", () => {
  const remote = (name: string) => `${house.platform.registry}/${name}`;

  it("takes what is pushed and gives it back", async () => {
    const id = await build("local:1", "pushed");
    const name = remote("team/app:1");
    await house.ok("tag", "local:1", name);
    const pushed = await house.ok("push", name);
    expect(pushed.match(/The push refers to repository \[.*team\/app\]/g)).toHaveLength(1);
    const digest = /^1: digest: (sha256:[0-9a-f]{64}) size: \d+$/m.exec(pushed)![1]!;
    // By the repository: a name with a tag selects tags only, and leaves the digests out.
    const digests = ["images", "--digests", "--format", "{{.Tag}} {{.Digest}}"];
    expect(await house.ok(...digests, remote("team/app"))).toBe(`1 ${digest}`);
    expect(await house.ok(...digests, name)).toBe("1 <none>");
    expect(await house.ok("push", name)).toMatch(/^[0-9a-f]{12}: Layer already exists$/m);
    await house.ok("rmi", name, "local:1");
    const pulled = await house.ok("pull", name);
    expect(pulled).toMatch(/^1: Pulling from team\/app$/m);
    expect(pulled).toContain(`Digest: ${digest}\nStatus: Downloaded newer image for ${name}\n${name}`);
    expect(await house.ok("pull", name)).toContain(`Status: Image is up to date for ${name}`);
    expect(await house.inspect(name, "{{.Id}}")).toBe(id);
    const byDigest = `${remote("team/app")}@${digest}`;
    expect(await house.ok("pull", "-q", byDigest)).toBe(byDigest);
    expect(await house.ok("run", "--rm", "--pull", "always", "-q", name, "cat", "/text")).toBe("pushed");
    const removed = await house.lines("rmi", name);
    expect(removed.slice(0, 2)).toEqual([`Untagged: ${name}`, `Untagged: ${byDigest}`]);
  });

  it("keeps several tags of a repository, which can all be pushed and pulled at once", async () => {
    for (const tag of ["2", "3"]) await house.ok("tag", "busybox", remote(`many:${tag}`));
    const pushed = await house.ok("push", "-a", remote("many"));
    expect(pushed.match(/^\d: digest: /gm)).toHaveLength(2);
    await house.ok("rmi", remote("many:2"), remote("many:3"));
    await house.ok("pull", "-a", remote("many"));
    expect((await names(remote("many"))).sort()).toEqual([remote("many:2"), remote("many:3")]);
  });

  it("is logged in to and out of", async () => {
    const login = await house.sh(
      `echo secret | docker login -u me --password-stdin ${house.platform.registry}`,
    );
    expect(login.stdout).toContain("Login Succeeded");
    expect(await house.ok("logout", house.platform.registry)).toContain("Removing login credentials");
  });

  it("says what is not there", async () => {
    expect((await house.failure("pull", remote("nosuch:1")))[1]).toMatch(
      /^manifest for .*nosuch:1 not found: manifest unknown: .*|.*repository name not known to registry/,
    );
    expect((await house.failure("push", remote("nosuch")))[1]).toBe(
      `An image does not exist locally with the tag: ${remote("nosuch")}`,
    );
    expect((await house.failure("push", remote("many:9")))[1]).toBe(
      `tag does not exist: ${remote("many:9")}`,
    );
    expect((await house.failure("pull", "127.0.0.1:1/x:1"))[1]).toMatch(/connect: connection refused$/);
  });
});
