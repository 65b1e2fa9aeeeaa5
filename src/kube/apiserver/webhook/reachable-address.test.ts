import { describe, expect, it } from "vitest";
import { isReachable } from "./reachable-address.ts";

describe("addresses that objects may lead to", () => {
  it.each(["10.1.2.3", "192.168.0.1", "8.8.8.8", "2001:db8::1", "fd00::a", "128.0.0.1"])("%s", (address) => {
    expect(isReachable(address)).toBe(true);
  });
});

describe("addresses that they may not lead to", () => {
  it.each([
    "",
    "localhost",
    "0.0.0.0",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "224.0.0.1",
    "239.255.255.255",
    "::",
    "::1",
    "0:0:0:0:0:0:0:1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fd00::1%lo",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "[::1]",
    "2130706433",
  ])("%s", (address) => {
    expect(isReachable(address)).toBe(false);
  });
});
