import { describe, expect, it } from "vitest";
import { NodePortAddresses } from "./node-port-addresses.ts";

describe("addresses of node ports", () => {
  const all = () => ["127.0.0.1", "10.0.0.5", "192.0.2.7", "192.0.2.7"];
  it.each([
    [undefined, ["0.0.0.0"]],
    [["10.0.0.0/8", "0.0.0.0/0"], ["0.0.0.0"]],
    [["192.0.2.0/24"], ["192.0.2.7"]],
    [
      ["192.0.2.7/32", "10.0.0.0/8"],
      ["10.0.0.5", "192.0.2.7"],
    ],
    [["198.51.100.0/24"], []],
  ])("of %j are %j", (cidrs, hosts) => {
    expect(new NodePortAddresses(cidrs).hosts(all)).toEqual(hosts);
  });
});
