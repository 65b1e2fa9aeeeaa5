import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAMAGED, UNREADABLE } from "../base/record-faults.test-support.ts";
import { archiveOf, openTestHouse, type TestHouse } from "./test-images.test-support.ts";

let house: TestHouse;
let imageId: string;
beforeEach(async () => {
  house = await openTestHouse();
  ({ id: imageId } = await house.images.importRootfs(archiveOf({ file: "content" }), {
    reference: "shop/web",
  }));
  await house.images.prepareSnapshot("container", imageId);
  writeFileSync(join(house.dir, "images/snapshots/container/upper/precious"), "data");
});
afterEach(() => house.remove());

const record = {
  "an image": () => join(house.dir, "images/records", `${imageId.slice(7)}.json`),
  "the references": () => join(house.dir, "images/references.json"),
  "a layer": () => {
    const layers = join(house.dir, "images/layers");
    return join(layers, readdirSync(layers)[0]!, "layer.json");
  },
  "a snapshot": () => join(house.dir, "images/snapshots/container/snapshot.json"),
};
const cases = Object.entries(record).flatMap(([what, path]) =>
  UNREADABLE.map(({ name, strike }) => ({ what, path, name, strike })),
);

const names = async () => (await house.images.list()).flatMap((image) => image.references);
const precious = () => readFileSync(join(house.dir, "images/snapshots/container/upper/precious"), "utf8");

describe("the record of", () => {
  it.each(cases)("$what that cannot be read ($name) is left alone, and what it needs stays", async (one) => {
    const before = readFileSync(one.path(), "utf8");
    const heal = one.strike(one.path());
    try {
      await house.reopen();
      // All that looks unneeded goes.
      await house.images.collectGarbage();
      await house.images.collectGarbage();
    } catch (error) {
      expect(error).toMatchObject({ code: "Record.Unreadable" });
    } finally {
      heal();
    }
    expect(readFileSync(one.path(), "utf8")).toBe(before);
    await house.reopen();
    expect(await names()).toEqual(["docker.io/shop/web:latest"]);
    const { lowerDirs } = await house.images.snapshotMount("container");
    expect(lowerDirs.map((dir) => readFileSync(join(dir, "file"), "utf8"))).toEqual(["content"]);
    expect(precious()).toBe("data");
  });

  it.each(DAMAGED)("the references that is damaged ($name) is kept aside", async ({ strike }) => {
    strike(record["the references"]());
    await house.reopen();
    expect((await house.images.list()).map((image) => image.id)).toEqual([imageId]);
    await house.images.tag(imageId, "again");
    expect(existsSync(`${record["the references"]()}.damaged`)).toBe(true);
  });

  it.each(DAMAGED)(
    "a snapshot that is damaged ($name) costs nothing of what was written",
    async ({ strike }) => {
      const heal = strike(record["a snapshot"]());
      await house.reopen();
      await expect(house.images.snapshotMount("container")).rejects.toMatchObject({ kind: "DataLoss" });
      await expect(house.images.prepareSnapshot("container", imageId)).rejects.toMatchObject({
        kind: "DataLoss",
      });
      heal();
      await house.reopen();
      expect(precious()).toBe("data");
      await house.images.snapshotMount("container");
      await house.images.removeSnapshot("container");
    },
  );

  it.each(DAMAGED)("an image or a layer that is damaged ($name) is made again", async ({ strike }) => {
    strike(record["an image"]());
    strike(record["a layer"]());
    await house.reopen();
    const again = await house.images.importRootfs(archiveOf({ file: "content" }), { reference: "shop/web" });
    await house.reopen();
    expect((await house.images.list()).map((image) => image.id)).toContain(again.id);
  });
});
