import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatIpNumber,
  formatIpPrefix,
  type IpPrefix,
  maskPrefix,
  parseIpNumber,
  parseIpPrefix,
  prefixContains,
  prefixesOverlap,
  prefixSize,
} from "./ip-prefix.ts";

const prefix = (text: string) => parseIpPrefix(text)!;

const anyPrefix: fc.Arbitrary<IpPrefix> = fc.oneof(
  fc.record({ family: fc.constant(4 as const), value: fc.bigInt(0n, 2n ** 32n - 1n), bits: fc.nat(32) }),
  fc.record({ family: fc.constant(6 as const), value: fc.bigInt(0n, 2n ** 128n - 1n), bits: fc.nat(128) }),
);

describe("networks of both families", () => {
  it.each([
    ["10.1.2.3/8", "10.0.0.0/8", 2n ** 24n],
    ["10.1.2.3/32", "10.1.2.3/32", 1n],
    ["255.255.255.255/0", "0.0.0.0/0", 2n ** 32n],
    ["fd00:1:2:3:4::5/64", "fd00:1:2:3::/64", 2n ** 64n],
    ["FD00:0::1/127", "fd00::/127", 2n],
    ["ffff::1/0", "::/0", 2n ** 128n],
    ["::ffff:10.0.0.1/128", "::ffff:10.0.0.1/128", 1n],
  ])("%s is %s of %d", (text, masked, size) => {
    expect(formatIpPrefix(maskPrefix(prefix(text)))).toBe(masked);
    expect(prefixSize(prefix(text))).toBe(size);
  });

  it.each(["", "10.0.0.0", "10.0.0.0/33", "010.0.0.0/8", "fd00::/129", "fe80::%a/64", "10.0.0.0/-1", "x/8"])(
    "takes %j for no network",
    (text) => {
      expect(parseIpPrefix(text)).toBeUndefined();
    },
  );

  it("takes no zone and no leading zero in an address", () => {
    expect(["fe80::1%a", "010.0.0.1", ""].map(parseIpNumber)).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ["10.0.0.0/8", "10.255.0.0/16", true],
    ["10.0.0.0/9", "10.128.0.0/9", false],
    ["fd00::/64", "fd00::1:0:0:0/80", true],
    ["fd00::/64", "fd00:0:0:1::/64", false],
    ["0.0.0.0/0", "::/0", false],
    ["10.0.0.0/8", "::ffff:10.0.0.0/104", false],
  ])("%s and %s overlap: %s", (a, b, overlap) => {
    expect([prefixesOverlap(prefix(a), prefix(b)), prefixesOverlap(prefix(b), prefix(a))]).toEqual([
      overlap,
      overlap,
    ]);
  });

  it("reads what it prints, and a network has its first and last address and no neighbour", () => {
    fc.assert(
      fc.property(anyPrefix, (one) => {
        expect(parseIpPrefix(formatIpPrefix(one))).toEqual(one);
        expect(parseIpNumber(formatIpNumber(one))).toEqual({ family: one.family, value: one.value });
        const { family, value } = maskPrefix(one);
        const has = (at: bigint) => prefixContains(one, { family, value: at });
        const end = value + prefixSize(one);
        expect([has(value - 1n), has(value), has(end - 1n), has(end)]).toEqual([false, true, true, false]);
      }),
    );
  });
});
