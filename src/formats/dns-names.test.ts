import { describe, expect, it } from "vitest";
import {
  isConfigMapKey,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvironmentName,
  isLabelValue,
  isPathSegment,
  isPercent,
  isPortName,
  isPortNumber,
  isQualifiedName,
} from "./dns-names.ts";

describe("names", () => {
  it("say in upstream's words what is wrong", () => {
    expect(isDns1123Label("My_Name")).toEqual([
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    expect(isDns1123Label("a.b")).toEqual(["must not contain dots"]);
    expect(isDns1123Label("a".repeat(64))).toEqual(["must be no more than 63 characters"]);
    expect(isLabelValue("a b")[0]).toBe(
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    );
    expect(isQualifiedName("")[0]).toBe("name part must be non-empty");
    expect(isQualifiedName("/a")[0]).toBe("prefix part must be non-empty");
    expect(isPortNumber(0)).toEqual(["must be between 1 and 65535, inclusive"]);
    expect(isPathSegment("a/b")).toEqual(["may not contain '/'"]);
  });

  it("accept what is right", () => {
    expect(isDns1123Subdomain("a.b-c.d1")).toEqual([]);
    expect(isDns1035Label("a1")).toEqual([]);
    expect(isQualifiedName("example.com/My.Name_1")).toEqual([]);
    expect(isLabelValue("")).toEqual([]);
    expect(isPortName("http-alt")).toEqual([]);
    expect(isEnvironmentName("1 odd.name")).toEqual([]);
    expect(isConfigMapKey(".bashrc")).toEqual([]);
    expect(isPercent("25%")).toEqual([]);
  });

  it("refuse what is wrong", () => {
    for (const text of ["", "-a", "a-", "A", "a..b"]) expect(isDns1123Subdomain(text)).not.toEqual([]);
    for (const text of ["1a", "", "a."]) expect(isDns1035Label(text)).not.toEqual([]);
    for (const text of ["a/b/c", "A_/x", "x/"]) expect(isQualifiedName(text)).not.toEqual([]);
    for (const text of ["-a", "a--b", "123", "UPPER", "averyveryverylong"])
      expect(isPortName(text)).not.toEqual([]);
    for (const text of ["", "A=B", "é"]) expect(isEnvironmentName(text)).not.toEqual([]);
    for (const text of ["..", "..x", "a b"]) expect(isConfigMapKey(text)).not.toEqual([]);
  });
});
