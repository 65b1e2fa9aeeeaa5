import { describe, expect, it } from "vitest";
import {
  formatIp,
  ipFamily,
  isDualStack,
  parseCidr,
  parseIp,
  validateCidr,
  validateIp,
} from "./ip-address.ts";

describe("addresses", () => {
  it.each([
    ["10.9.8.7", "10.9.8.7", 4],
    ["010.002.003.004", "10.2.3.4", 4],
    ["::ffff:10.0.0.1", "10.0.0.1", 4],
    ["2001:DB8:0:0:1::1", "2001:db8::1:0:0:1", 6],
    ["2001:db8::ffff", "2001:db8::ffff", 6],
    ["::", "::", 6],
    ["::1", "::1", 6],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7", 6],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221", 6],
  ])("%s is %s", (text, canonical, family) => {
    expect(formatIp(parseIp(text)!)).toBe(canonical);
    expect(ipFamily(text)).toBe(family);
  });

  it.each([
    "",
    "x",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "fe80::1%eth0",
    ":::",
    "1::2::3",
    "12345::",
    " 1.2.3.4",
  ])("%j is none", (text) => {
    expect(parseIp(text)).toBeUndefined();
    expect(validateIp("p", text)).toHaveLength(1);
    expect(validateIp("p", text, [text])).toEqual([]);
  });

  it("of both families make a pair", () => {
    expect(isDualStack(["10.0.0.1", "::1"])).toBe(true);
    expect(isDualStack(["10.0.0.1", "10.0.0.2"])).toBe(false);
  });
});

describe("networks", () => {
  it.each(["10.0.0.0/8", "10.1.2.3/08", "::/0", "2001:db8::/128", "::ffff:1.2.3.4/120"])(
    "%s is one",
    (text) => {
      expect(parseCidr(text)).toBeDefined();
      expect(validateCidr("p", text)).toEqual([]);
    },
  );

  it.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "/8", "x/8", "10.0.0.0/8/8"])(
    "%s is none",
    (text) => {
      expect(validateCidr("p", text)).toMatchObject([
        { message: expect.stringContaining("must be a valid CIDR") },
      ]);
    },
  );
});
