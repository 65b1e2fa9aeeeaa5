import { describe, expect, it } from "vitest";
import { parseComponents } from "./components.ts";

describe("--components", () => {
  it("takes parts of the house in any order", () => {
    expect(parseComponents("scheduler,apiserver")).toEqual(["apiserver", "scheduler"]);
    expect(parseComponents("docker")).toEqual(["docker"]);
  });

  it.each([
    ["etcd", '--components does not know "etcd"'],
    ["", '--components does not know ""'],
    ["scheduler", "--components: scheduler needs apiserver in the same process"],
  ])("refuses %j", (text, message) => {
    expect(() => parseComponents(text)).toThrow(message);
  });
});
