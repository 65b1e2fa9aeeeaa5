import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("last-guard.test-support.ts", import.meta.url));

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("an error that nothing caught", () => {
  it("is logged with the service it comes from, and the program goes on", () => {
    const { status, output } = run("kubelet", "3", "after");
    expect(output.match(/ERROR an error escaped service=kubelet error=".*a bug/g)).toHaveLength(3);
    expect(output).toContain("stopped after 3 errors");
    expect(status).toBe(0);
  });

  it.each([
    ["of the store", ["store", "1", "after"], "the state of store may be wrong"],
    ["during the start", ["kubelet", "1", "before"], "kubelet failed while it started"],
    ["that comes again and again", ["kubelet", "30", "after"], "20 errors escaped within 10 s"],
  ])("ends the program: one %s", (_name, args, why) => {
    const { status, output } = run(...args);
    expect(output).toContain("error escaped");
    expect(output).toContain(`ended: ${why}`);
    expect(status).toBe(7);
  });
});
