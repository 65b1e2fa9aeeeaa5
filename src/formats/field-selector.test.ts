import { describe, expect, it } from "vitest";
import { parseFieldSelector } from "./field-selector.ts";

const matches = (text: string, fields: Record<string, string>) =>
  parseFieldSelector(text).matches((name) => fields[name]);

describe("parseFieldSelector", () => {
  it("compares fields", () => {
    expect(matches("status.phase=Running,spec.nodeName!=n1", { "status.phase": "Running" })).toBe(true);
    expect(matches("status.phase!=Running", { "status.phase": "Running" })).toBe(false);
    expect(matches("spec.nodeName=", {})).toBe(true);
    expect(matches("metadata.name==web", { "metadata.name": "web" })).toBe(true);
    expect(matches("", {})).toBe(true);
  });

  it("tells which value a field must have", () => {
    expect(parseFieldSelector("metadata.name=web").requiredValue("metadata.name")).toBe("web");
    expect(parseFieldSelector("metadata.name!=web").requiredValue("metadata.name")).toBeUndefined();
  });

  it("reads and writes escapes", () => {
    const selector = parseFieldSelector("a=x\\,y\\=z\\\\");
    expect(selector.requirements).toEqual([{ field: "a", operator: "=", value: "x,y=z\\" }]);
    expect(selector.toString()).toBe("a=x\\,y\\=z\\\\");
  });

  it.each(["a", "a=b=c", "a=\\x"])("refuses %j", (text) => {
    expect(() => parseFieldSelector(text)).toThrow();
  });
});
