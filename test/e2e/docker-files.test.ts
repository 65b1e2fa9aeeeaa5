import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";

// Files in and out of containers: cp, diff, commit, export and import.
const house = useDockerHouse();
const dir = mkdtempSync(join(tmpdir(), "gantry-docker-files-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const here = (...names: string[]) => join(dir, ...names);
const inside = (name: string, script: string) => house.ok("exec", name, "sh", "-c", script);
/** Names in the archive that `docker cp … -` writes. */
const members = async (path: string) =>
  (await house.sh(`docker cp ${path} - | tar tf -`)).stdout.trim().split("\n");

describe("cp", () => {
  it("copies out: a file, a directory, what is in a directory, the whole root", async () => {
    await house.ok("run", "-d", "--name", "box", "busybox", "sleep", "1000");
    await inside("box", "mkdir -p /d/sub; echo a > /d/a; echo b > /d/sub/b; ln -s /etc/passwd /lnk");
    await house.ok("cp", "box:/d/a", here("file"));
    expect(readFileSync(here("file"), "utf8")).toBe("a\n");
    await house.ok("cp", "box:/d", here("new"));
    expect(readdirSync(here("new")).sort()).toEqual(["a", "sub"]);
    await house.ok("cp", "box:/d", here("new"));
    expect(readdirSync(here("new", "d")).sort()).toEqual(["a", "sub"]);
    await house.ok("cp", "box:/d/.", here("content"));
    expect(readdirSync(here("content")).sort()).toEqual(["a", "sub"]);
    await house.ok("cp", "box:/d/.", here("content"));
    expect(readdirSync(here("content")).sort()).toEqual(["a", "sub"]);
    expect(await members("box:/d")).toEqual(["d/", "d/a", "d/sub/", "d/sub/b"]);
    expect(await members("box:/d/.")).toEqual(["./", "./a", "./sub/", "./sub/b"]);
    expect(await members("box:/d/a")).toEqual(["a"]);
  });

  it("copies a link as it is, or with -L what it leads to inside", async () => {
    await house.ok("cp", "box:/lnk", here("link"));
    expect(lstatSync(here("link")).isSymbolicLink()).toBe(true);
    await house.ok("cp", "-L", "box:/lnk", here("followed"));
    expect(readFileSync(here("followed"), "utf8")).toContain("node:x:1000");
    await inside("box", "ln -s / /out; ln -s ../../../../../../etc/hostname /up");
    expect(await members("box:/out/etc/hostname")).toEqual(["hostname"]);
    const hostname = (await house.sh("docker cp -L box:/up - | tar xOf -")).stdout;
    expect(hostname).toBe(`${await house.inspect("box", "{{.Config.Hostname}}")}\n`);
  });

  it("copies in, to a name, below a directory, through links inside of the root only", async () => {
    writeFileSync(here("in"), "in\n");
    await house.ok("cp", here("in"), "box:/named");
    await house.ok("cp", here("in"), "box:/d/");
    expect(await inside("box", "cat /named /d/in; stat -c '%u:%g' /named")).toBe("in\nin\n0:0");
    mkdirSync(here("tree", "deep"), { recursive: true });
    writeFileSync(here("tree", "deep", "x"), "x");
    await house.ok("cp", here("tree"), "box:/tree");
    await house.ok("cp", here("tree"), "box:/tree");
    await house.ok("cp", `${here("tree")}/.`, "box:/other");
    expect(await inside("box", "ls /tree /other")).toBe("/other:\ndeep\n\n/tree:\ndeep\ntree");
    await inside(
      "box",
      `mkdir -p /esc; ln -s ../../../../../../../../.. /esc/up; ln -s /made/by/nobody /dangling`,
    );
    await house.ok("cp", here("in"), `box:/esc/up${dir}-escaped`);
    expect(existsSync(`${dir}-escaped`)).toBe(false);
    expect((await house.failure("cp", here("in"), "box:/dangling"))[1]).toContain(
      "Could not find the file /made/by in container box",
    );
  });

  it("keeps owners by their numbers", async () => {
    const script = `chown 5:6 ${here("in")} && docker cp ${here("in")} box:/plain && docker cp -a ${here("in")} box:/kept`;
    expect((await house.sh(script)).code).toBe(0);
    expect(await inside("box", "stat -c '%u:%g' /plain /kept")).toBe("5:6\n5:6");
  });

  it("says what is not there or cannot be", async () => {
    expect((await house.failure("cp", "box:/no/such", here("x")))[1]).toBe(
      "Could not find the file /no/such in container box",
    );
    expect((await house.failure("cp", "box:/d/a/", here("x")))[1]).toBe("lstat /d/a/: not a directory");
    expect((await house.failure("cp", "box:/lnk/", here("x")))[1]).toBe("lstat /lnk/: not a directory");
    expect((await house.failure("cp", here("in"), "box:/no/such/"))[1]).toContain("no such directory");
    expect((await house.failure("cp", here("in"), "box:/d/a/"))[1]).toContain("no such directory");
    expect((await house.failure("cp", here("tree"), "box:/d/a"))[1]).toContain("cannot copy directory");
  });

  it("writes neither to a read-only root nor to a read-only volume", async () => {
    await house.ok(
      ...["run", "-d", "--name", "sealed", "--read-only", "-v", "cpv:/rw", "-v", "cpr:/ro:ro"],
      ...["busybox", "sleep", "1000"],
    );
    expect((await house.failure("cp", here("in"), "sealed:/x"))[1]).toContain(
      "container rootfs is marked read-only",
    );
    expect((await house.failure("cp", here("in"), "sealed:/ro/x"))[1]).toContain(
      "mounted volume is marked read-only",
    );
    await house.ok("cp", here("in"), "sealed:/rw/x");
    expect(await inside("sealed", "cat /rw/x")).toBe("in");
    await house.ok("rm", "-f", "sealed");
    await house.ok("volume", "rm", "cpv", "cpr");
  });

  it("works on a container that does not run", async () => {
    await house.ok("stop", "-t", "0", "box");
    await house.ok("cp", here("in"), "box:/while/../stopped");
    expect(await members("box:/stopped")).toEqual(["stopped"]);
    expect(await house.lines("diff", "box")).toContain("A /stopped");
    await house.ok("start", "box");
    expect(await inside("box", "cat /stopped")).toBe("in");
    await house.ok("rm", "-f", "box");
  });
});

describe("diff", () => {
  it("shows what the container did, and nothing that was done for it", async () => {
    await house.ok("run", "--name", "idle", "-w", "/work", "busybox", "true");
    expect(await house.ok("diff", "idle")).toBe("A /work");
    await house.ok("rm", "idle");
    const script =
      "mkdir /d; echo a > /d/a; echo n >> /etc/passwd; rm /bin/wc; chmod 700 /root; rm -r /home; mkdir -p /home/x; mv /tmp /tmp2; ln -s tmp2 /tmp";
    await house.ok("run", "--name", "changed", "busybox", "sh", "-c", script);
    expect((await house.lines("diff", "changed")).sort()).toEqual([
      "A /d",
      "A /d/a",
      "A /home/x",
      "A /tmp2",
      "C /bin",
      "C /etc",
      "C /etc/passwd",
      "C /home",
      "C /root",
      "C /tmp",
      "D /bin/wc",
    ]);
  });
});

describe("commit", () => {
  it("makes an image of it, with changes to its configuration", async () => {
    const id = await house.ok(
      ...["commit", "-a", "me", "-m", "why", "-c", "ENV Q=1", "-c", 'CMD ["env"]', "-c", "EXPOSE 80"],
      ...["changed", "made:1"],
    );
    expect(await house.inspect("made:1", "{{.Id}} {{.Author}} {{.Comment}}")).toBe(`${id} me why`);
    expect(await house.inspect("made:1", "{{json .Config.Cmd}} {{json .Config.ExposedPorts}}")).toBe(
      '["env"] {"80/tcp":{}}',
    );
    expect(await house.ok("run", "--rm", "made:1")).toContain("Q=1");
    const seen = await house.ok(
      "run",
      "--rm",
      "made:1",
      "sh",
      "-c",
      "cat /d/a; ls /bin/wc 2>&1; stat -c %a /root",
    );
    expect(seen).toBe("a\nls: /bin/wc: No such file or directory\n700");
    const [top, base] = await house.lines("history", "--format", "{{.Comment}} {{.Size}}", "made:1");
    expect([top, base]).toEqual([
      expect.stringMatching(/^why [1-9]\d*B$/),
      expect.stringMatching(/ 1\.\d+MB$/),
    ]);
    expect((await house.failure("commit", "-c", "RUN x", "changed"))[1]).toBe(
      "RUN is not a valid change command",
    );
    expect((await house.failure("commit", "-c", "FOO x", "changed"))[1]).toBe(
      "FOO is not a valid change command",
    );
    expect((await house.failure("commit", "changed", "BAD"))[1]).toContain("must be lowercase");
  });
});

describe("export and import", () => {
  it("carry a container's root over, without what was mounted", async () => {
    const archive = here("root.tar");
    await house.ok("export", "-o", archive, "changed");
    const names = (await house.sh(`tar tf ${archive}`)).stdout.split("\n");
    expect(names).toContain("d/a");
    expect(names.filter((name) => /^(proc|sys)\/./.test(name))).toEqual([]);
    const id = await house.ok("import", "-c", 'CMD ["cat", "/d/a"]', "-m", "carried", archive, "carried:1");
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await house.ok("run", "--rm", "carried:1")).toBe("a");
    expect(await house.inspect("carried:1", "{{.Comment}} {{len .RootFS.Layers}}")).toBe("carried 1");
    expect((await house.sh("echo junk | docker import - junk:1")).code).toBe(1);
    await house.ok("rm", "changed");
  });
});
