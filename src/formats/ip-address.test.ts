import { describe, expect, it } from "vitest";
import { formatIp, parseIp } from "./ip-address.ts";
import { ipAddressProblem, ipPrefixProblem } from "./ip-address-problem.ts";

describe("addresses", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["010.0.0.1", "10.0.0.1"],
    ["2001:0DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::", "::"],
  ])("%s is %s", (text, canonical) => {
    expect(formatIp(parseIp(text)!)).toBe(canonical);
  });

  it.each(["10.0.0.1", "::", "::1", "1::", "fe80::1%eth0", "1:2:3:4:5:6:1.2.3.4", "::ffff:1.2.3.4"])(
    "has nothing to say of %s",
    (text) => {
      expect(ipAddressProblem(text)).toBeUndefined();
    },
  );

  it.each([
    ["", "unable to parse IP"],
    ["1.2.3", "IPv4 address too short"],
    ["1.2.3.4.5", "IPv4 address too long"],
    ["1.2.3.256", "IPv4 field has value >255"],
    ["01.2.3.4", "IPv4 field has octet with leading zero"],
    ["1..3.4", 'IPv4 field must have at least one digit (at ".3.4")'],
    ["1.2.3.x", 'unexpected character (at "x")'],
    ["1::2::3", 'multiple :: in address (at ":3")'],
    ["1:2:3", "address string too short"],
    ["12345::", 'each group must have 4 or less digits (at "12345::")'],
    ["::g", 'each colon-separated field must have at least one digit (at "g")'],
    ["1:", 'colon must be followed by more characters (at ":")'],
    ["1:2:3:4:5:6:7:8:9", 'trailing garbage after address (at "9")'],
    ["1:2:3:4:5:6:7::8", "the :: must expand to at least one field of zeros"],
    ["fe80::%", "zone must be a non-empty string"],
  ])("says of %j: %s", (text, problem) => {
    expect(ipAddressProblem(text)).toBe(`ParseAddr(${JSON.stringify(text)}): ${problem}`);
  });

  it.each([
    ["10.0.0.0/8", undefined],
    ["::/128", undefined],
    ["10.0.0.0", "no '/'"],
    ["10.0.0.0/33", "prefix length out of range"],
    ["10.0.0.0/08", 'bad bits after slash: "08"'],
    ["fe80::%a/64", "IPv6 zones cannot be present in a prefix"],
    ["10/8", 'ParseAddr("10"): unable to parse IP'],
  ])("says of the network %j: %s", (text, problem) => {
    expect(ipPrefixProblem(text)).toBe(problem && `netip.ParsePrefix(${JSON.stringify(text)}): ${problem}`);
  });
});
