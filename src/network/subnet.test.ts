import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AddressAllocator } from "./address-allocation.ts";
import { formatSubnet, ipToNumber, numberToIp, overlaps, parseSubnet } from "./index.ts";
import { containerResolvConf, parseResolvConf } from "./resolv-conf.ts";

describe("subnets", () => {
  it("reads and writes addresses and ranges", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), (value) => {
        expect(ipToNumber(numberToIp(value))).toBe(value);
      }),
    );
    expect(formatSubnet(parseSubnet("10.1.2.3/20"))).toBe("10.1.0.0/20");
    for (const bad of ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "x/8", ""])
      expect(() => parseSubnet(bad)).toThrow();
  });

  it("knows which ranges overlap", () => {
    const overlap = (a: string, b: string) => overlaps(parseSubnet(a), parseSubnet(b));
    expect(overlap("10.0.0.0/8", "10.200.0.0/16")).toBe(true);
    expect(overlap("10.0.0.0/24", "10.0.1.0/24")).toBe(false);
  });
});

describe("addresses", () => {
  it("never gives one twice, nor the gateway, nor the ends of the subnet", () => {
    const allocator = new AddressAllocator({ subnet: "10.0.0.0/28", gateway: "10.0.0.5" });
    const all = Array.from({ length: 13 }, () => allocator.allocate());
    expect(new Set(all).size).toBe(13);
    expect(all).not.toContain("10.0.0.5");
    expect(() => allocator.allocate()).toThrow("no available IPv4 addresses");
  });

  it("hands out no address that is somebody else's", () => {
    const auxAddresses = { router: "10.0.0.2", printer: "10.0.0.4" };
    const allocator = new AddressAllocator({ subnet: "10.0.0.0/29", gateway: "10.0.0.1", auxAddresses });
    expect([1, 2, 3].map(() => allocator.allocate())).toEqual(["10.0.0.3", "10.0.0.5", "10.0.0.6"]);
    expect(() => allocator.allocate("10.0.0.4")).toThrow("Address already in use");
  });

  it("hands out from the range only, and late again where it shall spread", () => {
    const allocator = new AddressAllocator(
      { subnet: "10.0.0.0/16", gateway: "10.0.0.1", ipRange: "10.0.7.0/30" },
      { spread: true },
    );
    const first = allocator.allocate();
    expect(first).toBe("10.0.7.0");
    allocator.release(first);
    expect([1, 2, 3, 4].map(() => allocator.allocate())).toEqual([
      "10.0.7.1",
      "10.0.7.2",
      "10.0.7.3",
      "10.0.7.0",
    ]);
  });
});

describe("resolv.conf", () => {
  it("is read as the C library reads it", () => {
    const text =
      "# x\nnameserver 10.0.0.1 ; y\nnameserver nonsense\nsearch a.b c\noptions ndots:2 edns0\ndomain d\n";
    expect(parseResolvConf(text)).toEqual({
      nameservers: ["10.0.0.1"],
      search: ["d"],
      options: ["ndots:2", "edns0"],
    });
  });

  it("names the network's server and keeps what was asked for", () => {
    const wanted = { dns: ["10.9.9.9"], search: ["example.com"], options: ["ndots:3"] };
    expect(containerResolvConf({ nameServer: "172.18.0.1" }, wanted)).toBe(
      "nameserver 172.18.0.1\nsearch example.com\noptions ndots:3\n",
    );
    expect(containerResolvConf({}, wanted)).toBe(
      "nameserver 10.9.9.9\nsearch example.com\noptions ndots:3\n",
    );
  });
});
