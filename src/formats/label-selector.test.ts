import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatLabelSelector,
  formatLabels,
  labelSelectorFrom,
  labelSelectorFromSet,
  parseLabelSelector,
} from "./label-selector.ts";

describe("parseLabelSelector", () => {
  it.each([
    ["", {}, true],
    ["app=web", { app: "web" }, true],
    ["app==web", { app: "db" }, false],
    ["app!=web", {}, true],
    ["app!=web", { app: "web" }, false],
    ["app", { app: "" }, true],
    ["!app", { app: "" }, false],
    ["app in (web, db)", { app: "db" }, true],
    ["app notin (web,db)", { app: "x" }, true],
    ["app notin (web,db)", {}, true],
    ["app in (,web)", { app: "" }, true],
    ["n>5", { n: "6" }, true],
    ["n<5", { n: "6" }, false],
    ["n>5", { n: "x" }, false],
    ["a=1,b=2", { a: "1", b: "2" }, true],
    ["a=1,b=2", { a: "1" }, false],
    ["example.com/a=1", { "example.com/a": "1" }, true],
    ["a=", { a: "" }, true],
    ["in in (in)", { in: "in" }, true],
    ["a in ()", { a: "" }, true],
    ["a in (b,)", { a: "" }, true],
    ["a in (b,,c)", { a: "" }, true],
    ["a in (b,c)", { a: "" }, false],
    ["toString=x", {}, false],
  ] as [string, Record<string, string>, boolean][])("%s against %j is %s", (text, labels, expected) => {
    expect(parseLabelSelector(text).matches(labels)).toBe(expected);
  });

  it.each([
    "a=b=c",
    "a in b",
    "a in (",
    ",",
    "a,",
    "a=1,,b=2",
    "-a=1",
    "a=-",
    "a b",
    "!a=1 b",
    "n>x",
    "(a)",
    "a=b!",
  ])("refuses %j", (text) => {
    expect(() => parseLabelSelector(text)).toThrow();
  });

  it.each([
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["=", "found '=', expected: !, identifier, or 'end of string'"],
    [",a", "found ',', expected: !, identifier, or 'end of string'"],
    ["(", "found '(', expected: !, identifier, or 'end of string'"],
    ["a,", "found '', expected: identifier after ','"],
    ["a,,b", "found ',', expected: identifier after ','"],
    ["!", "unable to parse requirement: found '', expected: identifier"],
    ["!a b", "found 'b', expected: ',' or 'end of string'"],
    ["a=b=c", "found '=', expected: ',' or 'end of string'"],
    ["a===b", "unable to parse requirement: found '=', expected: identifier"],
    ["a toString b", "unable to parse requirement: found 'toString', expected: in, notin, =, ==, !=, gt, lt"],
    ["a in b", "unable to parse requirement: found 'b' expected: '('"],
    ["a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"],
    ["a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"],
    [
      "-a=1",
      "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
    [
      "n>x",
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ])("refuses %j in upstream's words", (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ message }));
  });

  it("prints what it parsed, keys in order", () => {
    expect(parseLabelSelector("b in (y,x),a=1,!c").toString()).toBe("a=1,b in (x,y),!c");
  });

  it("any text is parsed or refused with InvalidArgument, and prints to a selector of the same meaning", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2")),
        (text, labels) => {
          let selector: ReturnType<typeof parseLabelSelector>;
          try {
            selector = parseLabelSelector(text);
          } catch (error) {
            expect(error).toMatchObject({ kind: "InvalidArgument" });
            return;
          }
          expect(parseLabelSelector(selector.toString()).matches(labels)).toBe(selector.matches(labels));
        },
      ),
    );
  });
});

describe("selectors in objects", () => {
  it("absent selects nothing, empty everything", () => {
    expect(labelSelectorFrom(undefined).matches({ a: "1" })).toBe(false);
    expect(labelSelectorFrom({}).matches({ a: "1" })).toBe(true);
  });

  it("joins matchLabels and matchExpressions", () => {
    const selector = labelSelectorFrom({
      matchLabels: { app: "web" },
      matchExpressions: [{ key: "tier", operator: "In", values: ["front", "back"] }],
    });
    expect(selector.matches({ app: "web", tier: "front" })).toBe(true);
    expect(selector.matches({ app: "web" })).toBe(false);
    expect(selector.toString()).toBe("app=web,tier in (back,front)");
  });

  it("are shown as kubectl shows them", () => {
    expect(formatLabelSelector({ matchLabels: { b: "2", a: "1" } })).toBe("a=1,b=2");
    expect(formatLabelSelector(undefined)).toBe("<none>");
    expect(formatLabels({ b: "2", a: "1" })).toBe("a=1,b=2");
    expect(formatLabels({})).toBe("<none>");
  });

  it("plain maps demand all pairs", () => {
    expect(labelSelectorFromSet({ a: "1" }).matches({ a: "1", b: "2" })).toBe(true);
    expect(labelSelectorFromSet({ a: "1" }).matches({ b: "2" })).toBe(false);
  });
});
