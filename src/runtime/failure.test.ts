import { describe, expect, it } from "vitest";
import { createFailure, execFailure, runtimeMessage } from "./failure.ts";

const json = (msg: string) => `${JSON.stringify({ msg, level: "error", time: "2026-01-01T00:00:00Z" })}\n`;

describe("a runtime's refusal", () => {
  it.each([
    [
      "executable file `nosuch` not found in $PATH: No such file or directory",
      "nosuch",
      "Runtime.CommandNotFound",
      'exec: "nosuch": executable file not found in $PATH',
    ],
    [
      "executable file `/no/such` not found in $PATH: No such file or directory",
      "/no/such",
      "Runtime.CommandNotFound",
      'exec: "/no/such": stat /no/such: no such file or directory',
    ],
    [
      "open executable: Permission denied",
      "/etc/passwd",
      "Runtime.CommandNotExecutable",
      'exec: "/etc/passwd": permission denied',
    ],
    [
      "open executable: Operation not permitted",
      "/bin",
      "Runtime.CommandNotExecutable",
      'exec: "/bin": permission denied',
    ],
    [
      "mount `/a` to `b`: Not a directory",
      "sh",
      "Runtime.NotADirectory",
      "mount `/a` to `b`: not a directory",
    ],
    ["sd-bus call: No such device", "sh", "Runtime.Failed", "sd-bus call: no such device"],
  ])("%s", (message, command, code, reason) => {
    const error = createFailure("crun", json(message), command);
    expect(error.code).toBe(code);
    expect(error.message).toBe(
      "failed to create task for container: failed to create shim task: OCI runtime create failed: crun create failed: " +
        `unable to start container process: ${reason}: unknown`,
    );
    expect(execFailure(json(message), command).message).toBe(
      `OCI runtime exec failed: exec failed: unable to start container process: ${reason}: unknown`,
    );
  });

  it("is read from runc's text too", () => {
    const text =
      'time="2026-01-01T00:00:00Z" level=error msg="runc create failed: exec: \\"x\\": executable file not found in $PATH"\n';
    expect(runtimeMessage(text)).toBe('runc create failed: exec: "x": executable file not found in $PATH');
    expect(createFailure("runc", text, "x").code).toBe("Runtime.CommandNotFound");
    expect(runtimeMessage("")).toBe("");
  });
});
