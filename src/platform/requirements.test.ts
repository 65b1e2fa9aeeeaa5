import { expect, it } from "vitest";
import { assertSystemPackages } from "./requirements.ts";

it("names what is missing, and what to install with it for --init", () => {
  expect(() => assertSystemPackages(() => false)).toThrow(
    expect.objectContaining({
      message: "an OCI runtime (crun or runc) and conmon and libnftables are not installed",
      hint: "install with: apt-get install crun conmon libnftables1 tini",
    }),
  );
  expect(() => assertSystemPackages((file) => !/crun|runc/.test(file))).toThrow(
    expect.objectContaining({ hint: "install with: apt-get install crun" }),
  );
  expect(() => assertSystemPackages((file) => !file.includes("tini"))).not.toThrow();
});
