import { describe, expect, it } from "vitest";
import { isRequestUri, parseGoUrl } from "./go-url.ts";

describe("parseGoUrl", () => {
  it.each([
    ["https://u:p@h.example:8443/p?q=1#f", "https", "h.example:8443", "/p", "q=1", "f", "u:p"],
    ["https://[::1]:9", "https", "[::1]:9", "", "", "", undefined],
    ["HTTP://h", "http", "h", "", "", "", undefined],
    ["mailto:a@b", "mailto", "", "", "", "", undefined],
    ["/p", "", "", "/p", "", "", undefined],
    ["", "", "", "", "", "", undefined],
  ])("%s", (text, scheme, host, path, query, fragment, user) => {
    expect(parseGoUrl(text)).toMatchObject({ scheme, host, path, rawQuery: query, fragment });
    expect(parseGoUrl(text).rawUserInfo).toBe(user);
  });

  it.each([
    ["http://h:port/", 'parse "http://h:port/": invalid port ":port" after host'],
    [":x", 'parse ":x": missing protocol scheme'],
    ["a:b/c", undefined],
    ["1:2", 'parse "1:2": first path segment in URL cannot contain colon'],
    ["http://[::1", "parse \"http://[::1\": missing ']' in host"],
    ["/%zz", 'parse "/%zz": invalid URL escape "%zz"'],
    ["http://a b/", 'parse "http://a b/": invalid character " " in host name'],
    ["a\nb", 'parse "a\\nb": net/url: invalid control character in URL'],
  ])("refuses %j", (text, message) => {
    if (message === undefined) expect(parseGoUrl(text)).toBeDefined();
    else expect(() => parseGoUrl(text)).toThrow(message);
  });

  it.each([
    ["https://h/p", true],
    ["/p?q", true],
    ["h/p", false],
    ["", false],
    ["mailto:a", true],
  ])("a request for %j: %s", (text, expected) => {
    expect(isRequestUri(text)).toBe(expected);
  });
});
