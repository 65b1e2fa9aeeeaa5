import { expect, it } from "vitest";
import { firstAddress, nameServiceAddress } from "./address-range.ts";

it.each([
  ["10.96.0.0/16", "10.96.0.1", "10.96.0.10"],
  ["10.201.0.16/28", "10.201.0.17", "10.201.0.26"],
  ["10.201.0.16/29", "10.201.0.17", undefined],
])("of %s are the API's and the name service's", (cidr, api, dns) => {
  expect(firstAddress(cidr)).toBe(api);
  expect(nameServiceAddress(cidr)).toBe(dns);
});
