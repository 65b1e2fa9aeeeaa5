import { describe, expect, it } from "vitest";
import { parsePlatform } from "./platform.ts";

const own = process.arch === "x64" ? "amd64" : process.arch;

describe("platforms", () => {
  it.each([
    ["linux/amd64", { os: "linux", architecture: "amd64" }],
    ["linux", { os: "linux", architecture: own }],
    ["arm64", { os: "linux", architecture: "arm64" }],
    ["linux/x86_64", { os: "linux", architecture: "amd64" }],
    ["linux/aarch64", { os: "linux", architecture: "arm64" }],
    ["linux/arm/v6", { os: "linux", architecture: "arm", variant: "v6" }],
    ["Linux/ARMHF", { os: "linux", architecture: "arm", variant: "v7" }],
    ["macOS", { os: "darwin", architecture: own }],
    ["linux/nope", { os: "linux", architecture: "nope" }],
  ])("%s", (text, platform) => {
    expect(parsePlatform(text)).toEqual(platform);
  });

  it.each([
    ["nope", '"nope": unknown operating system or architecture: invalid argument'],
    ["a/b/c/d", '"a/b/c/d": cannot parse platform specifier: invalid argument'],
    ["linux/*", '"linux/*": wildcards not yet supported: invalid argument'],
    [
      "linux/",
      '"" is an invalid component of "linux/": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument',
    ],
  ])("%s is refused", (text, message) => {
    expect(() => parsePlatform(text)).toThrow(message);
  });
});
