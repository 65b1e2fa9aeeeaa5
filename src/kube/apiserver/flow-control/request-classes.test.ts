import { describe, expect, it } from "vitest";
import type { UserInfo } from "../../client/types.ts";
import type { ResourceRequestInfo } from "../request-info.ts";
import { RequestClasses } from "./request-classes.ts";

const ada: UserInfo = { name: "ada", groups: [] };
const request = (more: Partial<ResourceRequestInfo> = {}): ResourceRequestInfo => ({
  isResource: true,
  verb: "get",
  path: "",
  group: "",
  version: "v1",
  resource: "pods",
  ...more,
});

describe("classes of requests", () => {
  const counted = () => {
    const asked: string[] = [];
    const classes = new RequestClasses((info, user) => {
      asked.push(info.name ?? "");
      return { info, user };
    });
    return { asked, classes };
  };

  it("are found once for all that one user does in one way", () => {
    const { asked, classes } = counted();
    const first = classes.of(request({ name: "a", namespace: "x" }), ada);
    expect(classes.of(request({ name: "b", namespace: "x", path: "other" }), ada)).toBe(first);
    expect(asked).toEqual(["a"]);
  });

  it.each<[string, Partial<ResourceRequestInfo>]>([
    ["verb", { verb: "list" }],
    ["group", { group: "apps" }],
    ["resource", { resource: "services" }],
    ["subresource", { subresource: "status" }],
    ["namespace", { namespace: "y" }],
    ["empty namespace", { namespace: "" }],
  ])("are others with another %s", (_what, more) => {
    const { classes } = counted();
    expect(classes.of(request(more), ada)).not.toBe(classes.of(request(), ada));
  });

  it("are others of another user, also of the same name", () => {
    const { classes } = counted();
    expect(classes.of(request(), { ...ada }).user).not.toBe(classes.of(request(), ada).user);
  });

  it("do not grow without end", () => {
    const { asked, classes } = counted();
    for (let count = 0; count < 1001; count++) classes.of(request({ namespace: `n${count}` }), ada);
    classes.of(request({ namespace: "n0" }), ada);
    classes.of(request({ namespace: "n1000" }), ada);
    expect(asked).toHaveLength(1002);
  });
});
