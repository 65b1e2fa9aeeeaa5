import { describe, expect, it } from "vitest";
import { ipamProblems, joinProblems } from "./ipam-problems.ts";

describe("what is wrong with a subnet", () => {
  it.each([
    [
      {
        subnet: "10.0.0.0/8",
        ipRange: "10.10.0.0/16",
        gateway: "10.10.0.1",
        auxAddresses: { a: "10.1.0.1" },
      },
      [],
    ],
    [{ subnet: "fd00::/64", ipRange: "fd00::100/120", gateway: "fd00::1" }, []],
    [{ gateway: "10.0.0.1" }, ["invalid subnet : invalid CIDR block notation"]],
    [{ subnet: "10.0.0.0/33" }, ["invalid subnet 10.0.0.0/33: invalid CIDR block notation"]],
    [{ subnet: "010.0.0.0/8" }, ["invalid subnet 010.0.0.0/8: invalid CIDR block notation"]],
    [{ subnet: "10.10.10.0/8" }, ["invalid subnet 10.10.10.0/8: it should be 10.0.0.0/8"]],
    [{ subnet: "fd00::1/64" }, ["invalid subnet fd00::1/64: it should be fd00::/64"]],
    [
      { subnet: "10.10.10.0/24", ipRange: "10.0.0.0/8" },
      ["invalid ip-range 10.0.0.0/8: CIDR block is bigger than its parent subnet 10.10.10.0/24"],
    ],
    [
      { subnet: "10.0.0.0/8", ipRange: "10.10.10.0/16" },
      ["invalid ip-range 10.10.10.0/16: it should be 10.10.0.0/16"],
    ],
    [
      { subnet: "10.0.0.0/8", ipRange: "10.1.0.0" },
      ["invalid ip-range 10.1.0.0: invalid CIDR block notation"],
    ],
    [{ subnet: "10.0.0.0/8", gateway: "gw" }, ["invalid gateway gw: invalid address"]],
    [
      {
        subnet: "10.0.0.0/8",
        ipRange: "192.168.0.1/24",
        gateway: "192.168.0.1",
        auxAddresses: { a: "11.0.0.1" },
      },
      [
        "invalid ip-range 192.168.0.1/24: it should be 192.168.0.0/24",
        "invalid ip-range 192.168.0.1/24: parent subnet 10.0.0.0/8 doesn't contain ip-range",
        "invalid gateway 192.168.0.1: parent subnet 10.0.0.0/8 doesn't contain this address",
        "invalid auxiliary address a: parent subnet 10.0.0.0/8 doesn't contain this address",
      ],
    ],
    [
      { subnet: "10.0.0.0/8", ipRange: "fd00::/64", gateway: "fd00::1", auxAddresses: { a: "fd00::2" } },
      [
        "invalid ip-range fd00::/64: parent subnet is an IPv4 block",
        "invalid gateway fd00::1: parent subnet is an IPv4 block",
        "invalid auxiliary address a: parent subnet is an IPv4 block",
      ],
    ],
    [
      { subnet: "fd00::/64", gateway: "10.0.0.1" },
      ["invalid gateway 10.0.0.1: parent subnet is an IPv6 block"],
    ],
  ])("%j: %j", (config, problems) => {
    expect(ipamProblems(config)).toEqual(problems);
  });

  it("tells one as it is and several as a list", () => {
    expect(joinProblems(["a"])).toBe("a");
    expect(joinProblems(["a", "b"])).toBe("* a\n* b");
  });
});
