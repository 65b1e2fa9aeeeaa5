import { describe, expect, it } from "vitest";
import { compareElements, keyElement, printPath, readElement, valueElement } from "./path-element.ts";

describe("a path element", () => {
  it.each([
    ["f:spec", ".spec"],
    ["f:a.b/c", ".a.b/c"],
    ['k:{"name":"x"}', '[name="x"]'],
    ['k:{"containerPort":80,"protocol":"TCP"}', '[containerPort=80,protocol="TCP"]'],
    ['k:{"n":1000000}', "[n=1e+06]"],
    ['v:"a"', '[="a"]'],
    ["v:1", "[=1]"],
    ["v:true", "[=true]"],
    ["i:3", "[3]"],
  ])("%s prints as %s", (element, printed) => {
    expect(printPath([element])).toBe(printed);
  });

  it("is written in one way, keys in order and what HTML minds escaped in values", () => {
    expect(
      keyElement([
        ["protocol", "TCP"],
        ["containerPort", 80],
      ]),
    ).toBe('k:{"containerPort":80,"protocol":"TCP"}');
    expect(valueElement("a<b>&\u2028")).toBe('v:"a\\u003cb\\u003e\\u0026\\u2028"');
    expect(valueElement(0.5)).toBe("v:0.5");
  });

  it.each([
    ['k:{ "b": 1.0, "a": "x" }', 'k:{"a":"x","b":1}'],
    ['v: "x"', 'v:"x"'],
    ["i:007", "i:7"],
    ["f:", "f:"],
    ["z:9", undefined],
  ])("%s is read as %s", (text, element) => {
    expect(readElement(text)).toBe(element);
  });

  it.each([
    ["x", "key must be 2 characters long:"],
    ["name", "missing colon: name"],
    ["i:x", 'strconv.Atoi: parsing "x": invalid syntax'],
    ["k:[]", "expect { or n after object key, but found []"],
    ["v:", "Unexpected end of JSON input"],
  ])("%s is none", (text, message) => {
    expect(() => readElement(text)).toThrow(message);
  });

  it("has its place: fields, keys, values, indices", () => {
    const inOrder = [
      "f:",
      "f:B",
      "f:a",
      "f:a.b",
      "f:aa",
      "f:\ufb03",
      "f:\u{1f600}",
      'k:{"a":1}',
      'k:{"a":1,"b":1}',
      'k:{"a":2}',
      'k:{"a":10}',
      'k:{"a":"1"}',
      'k:{"b":1}',
      "v:-1",
      "v:2",
      "v:10",
      'v:"10"',
      'v:"2"',
      "v:false",
      "v:true",
      "v:[1]",
      "v:[1,2]",
      'v:{"a":1}',
      'v:{"a":2}',
      "v:null",
      "i:2",
      "i:10",
    ];
    const shuffled = inOrder.toSorted(
      (a, b) => ((a.length * 7) % 5) - ((b.length * 7) % 5) || (a < b ? 1 : -1),
    );
    expect(shuffled.toSorted(compareElements)).toEqual(inOrder);
  });
});
