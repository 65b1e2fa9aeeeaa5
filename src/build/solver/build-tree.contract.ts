import { constants, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isGantryError } from "../../base/index.ts";
import { fdPath } from "../../kernel/index.ts";
import type { BuildTree } from "./types.ts";

/**
 * What a BuildTree promises. `make` gives one with: `a.txt` (text `hello`, 0644), `sub/b.txt` (0600), `sub/link` to `../a.txt`,
 * `sub/absolute` to `/a.txt`, `out` to `../../../../../../etc/hostname`.
 */
export function buildTreeContract(what: string, make: () => Promise<BuildTree>): void {
  describe(`a build's tree: ${what}`, () => {
    it("gives files, whole and in part", async () => {
      const tree = await make();
      expect((await tree.readFile("/a.txt")).toString()).toBe("hello");
      expect((await tree.readFile("a.txt", { offset: 1, length: 3 })).toString()).toBe("ell");
      expect((await tree.readFile("a.txt", { offset: 3, length: 100 })).toString()).toBe("lo");
      expect((await tree.readFile("a.txt", { offset: 100, length: 1 })).length).toBe(0);
      await tree.release();
    });

    it("follows links inside of it, and none out of it", async () => {
      const tree = await make();
      expect((await tree.readFile("sub/link")).toString()).toBe("hello");
      expect((await tree.readFile("sub/absolute")).toString()).toBe("hello");
      await expect(tree.readFile("out")).rejects.toThrow("open out: no such file or directory");
      await expect(tree.readFile("../../../etc/hostname")).rejects.toThrow("no such file or directory");
      await tree.release();
    });

    it("tells what is not there, or is something else", async () => {
      const tree = await make();
      const error = await tree.stat("/nothing").catch((one: unknown) => one);
      expect(isGantryError(error, "NotFound") && error.message).toBe(
        "lstat /nothing: no such file or directory",
      );
      await expect(tree.readFile("/sub")).rejects.toThrow("is a directory");
      await expect(tree.readDirectory("/a.txt")).rejects.toThrow("not a directory");
      await expect(tree.readFile("/a.txt/x")).rejects.toThrow("not a directory");
      await tree.release();
    });

    it("lists directories in order, links as links", async () => {
      const tree = await make();
      const entries = await tree.readDirectory("/sub");
      expect(entries.map(({ path }) => path)).toEqual(["absolute", "b.txt", "link"]);
      expect(entries.map(({ linkName }) => linkName)).toEqual(["/a.txt", "", "../a.txt"]);
      expect(entries[1]!.mode).toBe(constants.S_IFREG | 0o600);
      expect((await tree.readDirectory("/sub", "*.txt")).map(({ path }) => path)).toEqual(["b.txt"]);
      await tree.release();
    });

    it("tells of one entry", async () => {
      const tree = await make();
      expect(await tree.stat("/sub/b.txt")).toMatchObject({ path: "b.txt", sizeBytes: 1, uid: 0, gid: 0 });
      expect((await tree.stat("/sub")).mode).toBe(constants.S_IFDIR | 0o755);
      expect((await tree.stat("/")).mode).toBe(constants.S_IFDIR | 0o755);
      await tree.release();
    });

    it("has layers, the same however often they are asked for", async () => {
      const tree = await make();
      const layers = await tree.layers();
      expect(layers.length).toBeGreaterThan(0);
      expect(await tree.layers()).toEqual(layers);
      await tree.release();
    });

    it("can be read through its root", async () => {
      const tree = await make();
      const opened = await tree.open();
      expect(readdirSync(fdPath(opened.rootFd)).sort()).toEqual(["a.txt", "out", "sub"]);
      opened.close();
      await tree.release();
    });
  });
}
