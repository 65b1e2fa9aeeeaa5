import { describe, expect, it } from "vitest";
import { parseGitReference, withoutCredentials } from "./git-reference.ts";

describe("git references", () => {
  it.each<[string, object]>([
    [
      "https://h/o/r.git",
      { remote: "https://h/o/r.git", scheme: "https", host: "h", path: "/o/r.git", ref: "" },
    ],
    ["http://h:1/r.git#a/b:c/d", { ref: "a/b", subdirectory: "c/d", host: "h:1" }],
    ["https://u:p@h/r.git#:../x/./y", { remote: "https://u:p@h/r.git", ref: "", subdirectory: "x/y" }],
    ["git://h/r", { scheme: "git", path: "/r" }],
    ["ssh://git@h/r.git#v1", { scheme: "ssh", ref: "v1" }],
    ["git@h.org:o/r.git#v1", { remote: "git@h.org:o/r.git", scheme: "ssh", path: "o/r.git", ref: "v1" }],
    ["github.com/o/r#main", { remote: "github.com/o/r", looksLikePath: true, ref: "main" }],
    ["https://h/r.git?branch=x&subdir=/s", { ref: "refs/heads/x", subdirectory: "s" }],
    ["https://h/r.git?tag=refs/tags/v1&commit=abc", { ref: "refs/tags/v1", checksum: "abc" }],
    [
      "https://h/r.git?keep-git-dir&submodules=0&mtime=commit",
      { keepGitDir: true, submodules: false, mtime: "commit" },
    ],
    ["git@h:r.git?ref=x&fetch-by-commit", { ref: "x", fetchByCommit: true }],
  ])("%s", (text, expected) => {
    expect(parseGitReference(text)).toMatchObject(expected);
  });

  it.each([
    "",
    "a",
    "./r.git",
    "../github.com/x",
    "https://h/r",
    "https://h/r.git/",
    "ftp://h/r.git",
    "h.org/r.git",
    "a:b",
  ])("%j is none", (text) => {
    expect(parseGitReference(text)).toBeUndefined();
  });

  it.each([
    ["https://h/r.git?ref=a#b", 'ref conflicts: "b" vs "a"'],
    ["https://h/r.git?tag=a&branch=b", "branch conflicts with tag"],
    ["https://h/r.git?ref=", 'query "ref" has no value'],
    ["https://h/r.git?ref=a&ref=b", 'query "ref" has multiple values'],
    ["https://h/r.git?x=1", 'unexpected query "x"'],
    ["https://h/r.git?submodules=maybe", 'invalid submodules value: "maybe"'],
    ["https://h/r.git?mtime=x", 'invalid mtime value: "x" (must be "checkout" or "commit")'],
  ])("%s is refused", (text, message) => {
    expect(() => parseGitReference(text)).toThrow(message);
  });

  it.each([
    ["https://user:secret@h/r.git", "https://xxxxx:xxxxx@h/r.git"],
    ["https://h/r.git#a:b@c", "https://h/r.git#a:b@c"],
    ["git@h:r.git", "git@h:r.git"],
  ])("%s is shown as %s", (text, shown) => {
    expect(withoutCredentials(text)).toBe(shown);
  });
});
