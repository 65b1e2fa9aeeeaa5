import { describe, expect, it } from "vitest";
import { Router } from "./router.ts";

describe("Router", () => {
  const named = (name: string) => Object.assign(() => {}, { label: name });
  const router = new Router()
    .add("GET", "/containers/json", named("list"))
    .add("GET", "/containers/:id/json", named("inspect"))
    .add("DELETE", "/containers/:id", named("remove"))
    .add("GET", "/images/:name*/json", named("image"))
    .add("GET", "/images/:name*/history", named("history"))
    .add("GET", "/:all*", named("all"));

  const found = (method: string, path: string) => {
    const match = router.match(method, path);
    if (!match) return undefined;
    return "allowed" in match
      ? match
      : { label: (match.handler as { label?: string }).label, params: { ...match.params } };
  };

  it("prefers literals to names, and names to greedy names", () => {
    expect(found("GET", "/containers/json")).toEqual({ label: "list", params: {} });
    expect(found("GET", "/containers/x/json")).toEqual({ label: "inspect", params: { id: "x" } });
    expect(found("GET", "/images/a/b:1/json")).toEqual({ label: "image", params: { name: "a/b:1" } });
    expect(found("GET", "/images/json/json")).toEqual({ label: "image", params: { name: "json" } });
    expect(found("GET", "/other/x")).toEqual({ label: "all", params: { all: "other/x" } });
  });

  it("decodes parameters after the path was cut, so that a slash in one cuts nothing", () => {
    expect(found("GET", "/containers/a%2Fb/json")).toEqual({ label: "inspect", params: { id: "a/b" } });
    expect(found("GET", "/images/a%2Fb%20c/json")).toEqual({ label: "image", params: { name: "a/b c" } });
  });

  it("answers HEAD where GET is known, and names the methods that a path takes", () => {
    expect(found("HEAD", "/containers/json")).toMatchObject({ label: "list" });
    expect(found("POST", "/containers/x")).toEqual({ allowed: ["DELETE", "GET"] });
    expect(new Router().match("GET", "/")).toBeUndefined();
  });

  it("keeps a parameter named like a property of objects apart from it", () => {
    const odd = new Router().add("GET", "/:__proto__", named("odd"));
    const match = odd.match("GET", "/x");
    expect(match && "params" in match && Object.keys(match.params)).toEqual(["__proto__"]);
  });
});
