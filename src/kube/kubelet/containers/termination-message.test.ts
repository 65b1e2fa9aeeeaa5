import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CriContainerStatus } from "../../../cri/index.ts";
import { Annotation } from "../naming.ts";
import { terminationMessage } from "./termination-message.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "words-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function messageAt(hostPath: string): string {
  const containerPath = "/dev/termination-log";
  const mount = { containerPath, hostPath, readOnly: false, propagation: "PRIVATE" };
  return terminationMessage({
    state: "EXITED",
    exitCode: 0,
    annotations: { [Annotation.terminationMessagePath]: containerPath },
    mounts: [mount],
  } as unknown as CriContainerStatus);
}

it("is what the container wrote, and empty where a volume puts something else than a file in its place", () => {
  writeFileSync(join(dir, "words"), "out of memory");
  expect(messageAt(join(dir, "words"))).toBe("out of memory");
  execFileSync("mkfifo", [join(dir, "fifo")]);
  execFileSync("mknod", [join(dir, "device"), "c", "1", "5"]);
  for (const name of ["fifo", "device", "none"]) expect(messageAt(join(dir, name))).toBe("");
});
