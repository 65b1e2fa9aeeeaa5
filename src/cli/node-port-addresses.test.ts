import { describe, expect, it } from "vitest";
import { nodePortAddresses } from "./node-port-addresses.ts";

describe("--nodeport-addresses", () => {
  it.each([undefined, "primary", "192.0.2.0/24", "192.0.2.7/32,0.0.0.0/0"])("takes %s", (text) => {
    expect(nodePortAddresses(text, "gantry up")).toBe(text);
  });
  it.each([
    "",
    "192.0.2.7",
    "192.0.2.0/33",
    "300.0.2.0/24",
    "primary,192.0.2.0/24",
    "2001:db8::/64",
    "10.0.0.0/8,",
  ])("refuses %j", (text) => {
    expect(() => nodePortAddresses(text, "gantry up")).toThrow(
      `--nodeport-addresses takes primary, or ranges of IPv4 addresses like 192.0.2.0/24,10.0.0.0/8, not "${text}"`,
    );
  });
});
