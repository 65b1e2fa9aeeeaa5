import { expect, it } from "vitest";
import { formatIp, ipBytes, parseCidr } from "./ip-bytes.ts";

it.each(["10.0.0.1", "::", "::1", "fe80::1", "2001:db8::5:0:0:1", "1:2:3:4:5:6:7:8"])(
  "reads and writes %s",
  (address) => {
    expect(formatIp(ipBytes(address))).toBe(address);
  },
);

it("refuses what is no address", () => {
  expect(() => ipBytes("10.0.0")).toThrow("not an IP address");
  expect(() => parseCidr("10.0.0.0/33")).toThrow("not an address with prefix");
  expect(parseCidr("10.0.0.0/8")).toEqual({ address: "10.0.0.0", prefixLength: 8 });
});
