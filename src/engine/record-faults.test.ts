import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newHexId } from "../base/index.ts";
import { DAMAGED, UNREADABLE } from "../base/record-faults.test-support.ts";
import { openTestHome, type TestHome } from "./testing/test-home.ts";

let home: TestHome;
beforeAll(async () => {
  home = await openTestHome({ instanceId: newHexId().slice(0, 6) });
}, 30_000);
afterAll(() => home.close());

describe.each([...UNREADABLE, ...DAMAGED])("with $name at the start", ({ strike }) => {
  it("a container whose record cannot be read goes on running, and is there again afterwards", async () => {
    const id = await home.create(["sleep", "1000"]);
    await home.engine.startContainer(id);
    const pid = (await home.engine.inspectContainer(id)).State.Pid;
    const heal = strike(join(home.dir, "containers", id, "config.json"));
    await home.reopen();
    await home.engine.reconcile();
    await expect(home.engine.inspectContainer(id)).rejects.toMatchObject({ kind: "NotFound" });
    heal();
    await home.reopen();
    await home.engine.reconcile();
    expect((await home.engine.inspectContainer(id)).State).toMatchObject({ Status: "running", Pid: pid });
    await home.engine.removeContainer(id, { force: true });
  });

  it("a volume whose record cannot be read keeps its data, and is not made anew", async () => {
    const volume = await home.engine.createVolume({ Name: "precious", Labels: { a: "b" } });
    writeFileSync(join(volume.Mountpoint, "file"), "data");
    const heal = strike(join(home.dir, "volumes", "precious", "volume.json"));
    await home.reopen();
    await expect(home.engine.createVolume({ Name: "precious" })).rejects.toMatchObject({
      code: expect.stringMatching(/^Record\./),
    });
    heal();
    await home.reopen();
    expect(await home.engine.inspectVolume("precious")).toMatchObject({ Labels: { a: "b" } });
    expect(await readFile(join(volume.Mountpoint, "file"), "utf8")).toBe("data");
    await home.engine.removeVolume("precious");
  });
});
