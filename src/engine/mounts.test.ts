import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listMounts, MountFlag, mount, unmount, unmountTree } from "../kernel/index.ts";
import { leftovers, openTestHome, type TestHome, until } from "./testing/test-home.ts";
import type { CreateContainerRequest, MountRequest } from "./types.ts";

let home: TestHome;
let tree: string;

beforeAll(async () => {
  home = await openTestHome({ instanceId: "e57e5a" });
}, 60_000);

afterAll(async () => {
  await home?.close();
}, 60_000);

beforeEach(async () => {
  tree = join(home.dir, "tree");
  await mkdir(join(tree, "sub"), { recursive: true });
});

afterEach(async () => {
  unmountTree(tree);
  await rm(tree, { recursive: true });
});

const engine = () => home.engine;
const tmpfs = (path: string) => mount("tmpfs", path, "tmpfs", 0, "size=1m");
const isMounted = (path: string) => listMounts().some((entry) => entry.mountPoint === path);

async function runOnce(command: string, request: Partial<CreateContainerRequest>): Promise<string> {
  const { id, stdout } = await home.run(["sh", "-c", command], request);
  await engine().removeContainer(id);
  return stdout;
}

async function running<T>(
  request: Partial<CreateContainerRequest>,
  fn: (id: string) => Promise<T>,
): Promise<T> {
  const id = await home.create(["sleep", "100"], request);
  try {
    await engine().startContainer(id);
    return await fn(id);
  } finally {
    await engine().removeContainer(id, { force: true });
  }
}

describe("a read-only bind", () => {
  const WRITE = "touch /m/x 2>/dev/null && echo root; touch /m/sub/x 2>/dev/null && echo sub; true";
  const mountOf = (BindOptions: MountRequest["BindOptions"], ReadOnly = true) => {
    const mount: MountRequest = { Type: "bind", Source: tree, Target: "/m", ReadOnly, BindOptions };
    return { hostConfig: { Mounts: [mount] } };
  };

  it("is read-only with what is mounted below it, unless that is asked otherwise", async () => {
    tmpfs(join(tree, "sub"));
    const cases: [Partial<CreateContainerRequest>, string][] = [
      [{ hostConfig: { Binds: [`${tree}:/m:ro`] } }, ""],
      [mountOf(undefined), ""],
      [mountOf({ ReadOnlyForceRecursive: true }), ""],
      [mountOf({ ReadOnlyNonRecursive: true }), "sub\n"],
      [{ hostConfig: { Binds: [`${tree}:/m:ro`] }, readOnlyNonRecursive: true }, "sub\n"],
      [mountOf(undefined, false), "root\nsub\n"],
    ];
    for (const [request, written] of cases) expect(await runOnce(WRITE, request)).toBe(written);
  });

  it("without recursion leaves out what is mounted below it", async () => {
    tmpfs(join(tree, "sub"));
    const request = mountOf({ NonRecursive: true }, false);
    expect(await runOnce("touch /m/sub/below; grep -c ' /m' /proc/mounts", request)).toBe("1\n");
    expect(await readdir(join(tree, "sub"))).toEqual([]);
    unmount(join(tree, "sub"));
    expect(await readdir(join(tree, "sub"))).toEqual(["below"]);
  });

  it("of a pod is so where it says so", async () => {
    tmpfs(join(tree, "sub"));
    for (const recursiveReadOnly of [true, false]) {
      const mounts = [{ source: tree, target: "/m", readOnly: true, recursiveReadOnly }];
      expect(await runOnce(WRITE, { internal: { owner: "cri", mounts } })).toBe(
        recursiveReadOnly ? "" : "sub\n",
      );
    }
  });

  it("cannot ask for both", async () => {
    const request = mountOf({ ReadOnlyForceRecursive: true, ReadOnlyNonRecursive: true });
    await expect(home.create(["true"], request)).rejects.toThrow(
      "mount options conflict: ReadOnlyNonRecursive && ReadOnlyForceRecursive parameters conflict",
    );
  });
});

describe("propagation", () => {
  const CAN_MOUNT = { CapAdd: ["SYS_ADMIN"], SecurityOpt: ["seccomp=unconfined"] };
  const bound = (mode: string): Partial<CreateContainerRequest> => ({
    hostConfig: { ...CAN_MOUNT, Binds: [`${tree}:/m:${mode}`] },
  });
  const mountInside = (id: string) => home.exec(id, ["mount", "-t", "tmpfs", "inside", "/m/sub"]);
  const seenInside = async (id: string) =>
    (await home.exec(id, ["cat", "/proc/mounts"])).stdout.includes(" /m/sub ");

  beforeEach(() => {
    mount(tree, tree, null, MountFlag.BIND);
    mount("none", tree, null, MountFlag.PRIVATE);
    mount("none", tree, null, MountFlag.SHARED);
  });

  it.each(["rshared", "shared"])("%s: mounts cross in both directions, and go again", async (mode) => {
    const sub = join(tree, "sub");
    await running(bound(mode), async (id) => {
      expect((await mountInside(id)).stderr).toBe("");
      expect(isMounted(sub)).toBe(true);
      unmount(sub);
      expect(await seenInside(id)).toBe(false);
      tmpfs(sub);
      expect(await seenInside(id)).toBe(true);
    });
    expect(isMounted(sub)).toBe(true);
    unmount(sub);
    expect(listMounts().filter((entry) => entry.mountPoint.startsWith(tree)).length).toBe(1);
  });

  it.each(["rslave", "slave"])(
    "%s: the host's mounts reach the container, never the other way round",
    async (mode) => {
      const sub = join(tree, "sub");
      await running(bound(mode), async (id) => {
        tmpfs(sub);
        expect(await seenInside(id)).toBe(true);
        unmount(sub);
        expect(await seenInside(id)).toBe(false);
        await mountInside(id);
        expect(isMounted(sub)).toBe(false);
      });
    },
  );

  it("without a word: nothing crosses", async () => {
    await running(bound("rw"), async (id) => {
      tmpfs(join(tree, "sub"));
      expect(await seenInside(id)).toBe(false);
      unmount(join(tree, "sub"));
      await mountInside(id);
      expect(isMounted(join(tree, "sub"))).toBe(false);
    });
  });

  it("of pods' mounts is the same; nothing else of the container's is seen on the host", async () => {
    const namespaces = join(home.dir, "run/ns");
    const count = () =>
      listMounts().filter(({ mountPoint: path }) => path.startsWith(home.dir) && !path.startsWith(namespaces))
        .length;
    const before = count();
    const mounts = [
      { source: tree, target: "/m", readOnly: false, propagation: "rshared" as const },
      { source: home.dir, target: "/home", readOnly: false, propagation: "rslave" as const },
    ];
    await running({ hostConfig: CAN_MOUNT, internal: { owner: "cri", mounts } }, async (id) => {
      expect(count()).toBe(before);
      await mountInside(id);
      expect(isMounted(join(tree, "sub"))).toBe(true);
      await home.exec(id, ["mount", "-t", "tmpfs", "other", "/tmp"]);
      expect(count()).toBe(before + 1);
    });
  });

  it("of a file works too", async () => {
    await writeFile(join(tree, "file"), "of the host");
    await running({ hostConfig: { Binds: [`${tree}/file:/f:rshared`] } }, async (id) => {
      expect((await home.exec(id, ["cat", "/f"])).stdout).toBe("of the host");
    });
  });

  it("is refused where the host's mount does not pass mounts on", async () => {
    mount("none", tree, null, MountFlag.PRIVATE);
    for (const [mode, what] of [
      ["rshared", "a shared mount"],
      ["rslave", "a shared or slave mount"],
    ] as const) {
      const id = await home.create(["true"], bound(mode));
      await expect(engine().startContainer(id)).rejects.toThrow(
        `path ${tree} is mounted on ${tree} but it is not ${what}`,
      );
      await engine().removeContainer(id);
    }
  });
});

describe("afterwards", () => {
  it("nothing is left", async () => {
    await until(async () => (await leftovers(home)).length === 0, 3000).catch(() => {});
    expect(await leftovers(home)).toEqual([]);
  });
});
