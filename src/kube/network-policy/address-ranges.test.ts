import { expect, it } from "vitest";
import { isWholeFamily, rangesOfBlocks, rangeText } from "./address-ranges.ts";

const texts = (...blocks: Parameters<typeof rangesOfBlocks>[0]) => rangesOfBlocks(blocks).map(rangeText);
const block = (cidr: string, ...except: string[]) => ({ cidr, except });

it.each<[what: string, blocks: ReturnType<typeof block>[], ranges: string[]]>([
  ["a block", [block("10.0.0.0/30")], ["10.0.0.0-10.0.0.3"]],
  ["one address", [block("10.0.0.7/32")], ["10.0.0.7"]],
  ["host bits", [block("10.0.0.7/24")], ["10.0.0.0-10.0.0.255"]],
  ["an exception at the start", [block("10.0.0.0/29", "10.0.0.0/30")], ["10.0.0.4-10.0.0.7"]],
  ["at the end", [block("10.0.0.0/29", "10.0.0.4/30")], ["10.0.0.0-10.0.0.3"]],
  ["in the middle", [block("10.0.0.0/29", "10.0.0.2/31")], ["10.0.0.0-10.0.0.1", "10.0.0.4-10.0.0.7"]],
  ["all of it", [block("10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/31")], []],
  ["two that meet", [block("10.0.0.4/30"), block("10.0.0.0/30")], ["10.0.0.0-10.0.0.7"]],
  ["one within another", [block("10.0.0.0/24"), block("10.0.0.8/30")], ["10.0.0.0-10.0.0.255"]],
  ["another's exception", [block("10.0.0.0/30", "10.0.0.1/32"), block("10.0.0.1/32")], ["10.0.0.0-10.0.0.3"]],
  ["an exception of the other family", [block("10.0.0.0/30", "::/0")], ["10.0.0.0-10.0.0.3"]],
  ["the last addresses", [block("255.255.255.254/31")], ["255.255.255.254-255.255.255.255"]],
  [
    "IPv6",
    [block("fd00::/126", "fd00::1/128")],
    ["fd00:0:0:0:0:0:0:0", "fd00:0:0:0:0:0:0:2-fd00:0:0:0:0:0:0:3"],
  ],
  ["IPv4 as IPv6", [block("::ffff:10.0.0.0/127")], ["0:0:0:0:0:ffff:a00:0-0:0:0:0:0:ffff:a00:1"]],
  ["both families", [block("fd00::1/128"), block("10.0.0.1/32")], ["10.0.0.1", "fd00:0:0:0:0:0:0:1"]],
  ["what is no block", [block("10.0.0.0"), block("10.0.0.0/33"), block("x/1")], []],
])("%s", (_what, blocks, ranges) => {
  expect(texts(...blocks)).toEqual(ranges);
});

it("knows all of a family", () => {
  expect(rangesOfBlocks([block("0.0.0.0/0")]).map(isWholeFamily)).toEqual([true]);
  expect(rangesOfBlocks([block("::/1"), block("8000::/1")]).map(isWholeFamily)).toEqual([true]);
  expect(rangesOfBlocks([block("0.0.0.0/1")]).map(isWholeFamily)).toEqual([false]);
});
