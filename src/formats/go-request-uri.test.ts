import { describe, expect, it } from "vitest";
import { escapedPath, type GoUrl, hostName, parseRequestUri, portOf, queryValues } from "./go-url.ts";

function parsed(text: string): GoUrl {
  const result = parseRequestUri(text);
  if ("problem" in result) throw new Error(result.problem);
  return result.url;
}

describe("a URL as Go reads it", () => {
  it("comes apart", () => {
    const url = parsed("HTTPS://user:p%40@example.com:8443/a%2Fb?k=1&k=2&x+y=%20#top");
    expect(url).toMatchObject({
      scheme: "https",
      userInfo: "user:p@",
      host: "example.com:8443",
      fragment: "top",
    });
    expect([hostName(url), portOf(url), escapedPath(url)]).toEqual(["example.com", "8443", "/a%2Fb"]);
    expect(escapedPath(parsed("/a b/ä"))).toBe("/a%20b/%C3%A4");
    expect([...queryValues(url)]).toEqual([
      ["k", ["1", "2"]],
      ["x y", [" "]],
    ]);
  });

  it("may be a path, a star, or what has no slash behind its scheme", () => {
    expect(parsed("/a:b")).toMatchObject({ scheme: "", host: "", path: "/a:b" });
    expect(escapedPath(parsed("*"))).toBe("*");
    expect(parsed("mailto:a@b.c")).toMatchObject({ scheme: "mailto", opaque: "a@b.c" });
    expect(hostName(parsed("http://[::1]:80/"))).toBe("::1");
  });

  it.each([
    ["", 'parse "": empty url'],
    ["example.com", 'parse "example.com": invalid URI for request'],
    ["://x", 'parse "://x": missing protocol scheme'],
    ["http://a b/", 'parse "http://a b/": invalid character " " in host name'],
    ["http://h:port/", 'parse "http://h:port/": invalid port ":port" after host'],
    ["http://[::1", "parse \"http://[::1\": missing ']' in host"],
    ["http://h/%zz", 'parse "http://h/%zz": invalid URL escape "%zz"'],
    ["http://h/\u007f", 'parse "http://h/\\x7f": net/url: invalid control character in URL'],
    ["http://a<b@h/", 'parse "http://a<b@h/": net/url: invalid userinfo'],
  ])("is not %j", (text, problem) => {
    expect(parseRequestUri(text)).toEqual({ problem });
  });
});
