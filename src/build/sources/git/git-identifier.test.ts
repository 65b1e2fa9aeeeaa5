import { describe, expect, it } from "vitest";
import { checkoutKey, readGitIdentifier, redacted } from "./git-identifier.ts";

describe("git identifiers", () => {
  it.each([
    [
      "git://github.com/moby/buildkit.git#v1:sub/dir",
      {},
      "https://github.com/moby/buildkit.git",
      "v1",
      "sub/dir",
    ],
    ["git://github.com/moby/buildkit", {}, "https://github.com/moby/buildkit", "", ""],
    [
      "git://x/y#main",
      { "git.fullurl": "ssh://git@host:2222/y.git" },
      "ssh://git@host:2222/y.git",
      "main",
      "",
    ],
    ["git://x/y", { "git.fullurl": "git@host:y.git" }, "git@host:y.git", "", ""],
    ["git://x/y", { "git.fullurl": "host/y" }, "https://host/y", "", ""],
    ["git://x/y#a:../../../etc", {}, "https://x/y", "a", "etc"],
    ["git://x/y#:sub/", {}, "https://x/y", "", "sub"],
  ])("reads %s", (identifier, attrs: Record<string, string>, remote, ref, subdirectory) => {
    expect(readGitIdentifier(identifier, attrs)).toMatchObject({ remote, ref, subdirectory });
  });

  it.each([
    ["git://x/y#--upload-pack=touch /tmp/x", {}, "invalid git ref"],
    ["git://x/y", { "git.fullurl": "ssh://-oProxyCommand=x/y" }, "invalid git URL"],
    ["git://x/y", { "git.fullurl": "ssh://-oProxyCommand=x@host/y" }, "invalid git URL"],
    ["git://x/y", { "git.fullurl": "-oProxy@host:y" }, "invalid git URL"],
    ["git://x/y", { "git.fullurl": "git@-oProxyCommand=x:y" }, "invalid git URL"],
    ["git://x/y#a\nb", {}, "control characters"],
    ["git://x/y", { "git.bundle": "docker-image+blob://x" }, "git.bundle is not supported"],
  ])("refuses %s", (identifier, attrs: Record<string, string>, message) => {
    expect(() => readGitIdentifier(identifier, attrs)).toThrow(message);
  });

  it("takes what is no transport of git's own for a host, as BuildKit does", () => {
    const remoteOf = (address: string) => readGitIdentifier("git://x/y", { "git.fullurl": address }).remote;
    expect(remoteOf("file:///etc")).toBe("https://file///etc");
    expect(remoteOf("ext://sh -c touch% /tmp/x")).toMatch(/^https:\/\/ext\//);
  });

  it("tells trees apart by all that makes them differ", () => {
    const read = (attrs: Record<string, string>, fragment = "#main") =>
      checkoutKey(readGitIdentifier(`git://x/y${fragment}`, attrs), "c", "refs/heads/main");
    const keys = [
      read({}),
      read({ "git.keepgitdir": "true" }),
      read({ "git.skipsubmodules": "true" }),
      read({ "git.mtime": "commit" }),
      read({}, "#main:sub"),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each([
    ["https://user:secret@host/x", "https://user:xxxxx@host/x"],
    ["https://user@host/x", "https://user@host/x"],
    ["git@host:x", "git@host:x"],
  ])("redacts %s", (remote, expected) => expect(redacted(remote)).toBe(expected));
});
