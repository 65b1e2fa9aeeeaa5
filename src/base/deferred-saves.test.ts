import { describe, expect, it } from "vitest";
import { createLogger, DeferredSaves, diskError, GantryError, isDiskError } from "./index.ts";

const errno = (code: string) =>
  Object.assign(new Error(`${code}: words of Node's`), { code, syscall: "open", path: "/home/file" });

describe("what is saved when there is space", () => {
  const lines: string[] = [];
  const saves = new DeferredSaves({
    what: "container",
    logger: createLogger((line) => lines.push(line)),
    retryMs: 1,
  });

  it("is retried until it can be, as it is then, and told once", async () => {
    let isFull = true;
    let value = "stopped";
    const saved: string[] = [];
    const save = async () => {
      if (isFull) throw errno("ENOSPC");
      saved.push(value);
    };
    await saves.saveOrDefer("c1", save);
    await saves.saveOrDefer("c1", save);
    await saves.flush();
    expect([saved, saves.size]).toEqual([[], 1]);
    value = "exited";
    isFull = false;
    while (saves.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(saved).toEqual(["exited"]);
    expect(lines.map((line) => line.replace(/^\S+ /, ""))).toEqual([
      'WARN  a change cannot be saved yet container=c1 error="open /home/file: no space left on device"',
    ]);
  });

  it("is forgotten with what it was about, and no other failure is hidden", async () => {
    await saves.saveOrDefer("c2", () => Promise.reject(errno("EROFS")));
    saves.forget("c2");
    await saves.flush();
    expect(saves.size).toBe(0);
    await expect(saves.saveOrDefer("c3", () => Promise.reject(new Error("a bug")))).rejects.toThrow("a bug");
    expect(saves.size).toBe(0);
  });
});

describe("an error of the disk", () => {
  it.each([
    ["ENOSPC", "no space left on device"],
    ["EDQUOT", "disk quota exceeded"],
    ["EROFS", "read-only file system"],
    ["EIO", "input/output error"],
    ["EMFILE", "too many open files"],
  ])("%s is told in words, with what to do", (code, words) => {
    const error = diskError(errno(code))!;
    expect(error.message).toBe(`open /home/file: ${words}`);
    expect(error.hint).toBeTruthy();
    expect(diskError(errno(code), "write record")!.message).toBe(`write record: ${words}`);
    expect(isDiskError(error)).toBe(true);
    expect(diskError(error)).toBe(error);
  });

  it("is known from our own system calls too, and nothing else is one", () => {
    const call = new GantryError("ResourceExhausted", "mkdir: ENOSPC", { details: { errno: "ENOSPC" } });
    expect(diskError(call)!.message).toBe("mkdir: no space left on device");
    expect(diskError(call, "make the directory")!.message).toBe(
      "make the directory: no space left on device",
    );
    for (const other of [errno("ENOENT"), new Error("x"), undefined, "ENOSPC"])
      expect(diskError(other)).toBeUndefined();
  });
});
