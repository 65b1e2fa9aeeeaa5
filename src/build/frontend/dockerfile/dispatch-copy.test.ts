// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import { describe, expect, it } from "vitest";
import { buildDockerfile, lastOf } from "./fake-host.test-support.ts";

const copy = async (text: string, before = "") => {
  const { op } = lastOf(await buildDockerfile(`FROM busybox\n${before}\n${text}`));
  return op.file!.actions.map((action) => action.copy!);
};

describe("COPY and ADD", () => {
  it.each<[string, object]>([
    [
      "COPY a /b",
      { src: "/a", dest: "/b", mode: -1, followSymlink: true, attemptUnpackDockerCompatibility: false },
    ],
    ["ADD a.tar /b/", { src: "/a.tar", dest: "/b/", attemptUnpackDockerCompatibility: true }],
    ["ADD --unpack=false a.tar /b/", { attemptUnpackDockerCompatibility: false }],
    ["COPY . .", { src: "/", dest: "/w/", dirCopyContents: true }],
    ["COPY ../a x", { src: "/a", dest: "/w/x" }],
    ["COPY a x/.", { dest: "/w/x/." }],
    ["COPY --chmod=755 a b", { mode: 0o755, modeText: "" }],
    ["COPY --chmod=u+x,go-w a b", { mode: 0, modeText: "u+x,go-w" }],
    [
      "COPY --chown=1:staff a b",
      { owner: { user: { byId: 1 }, group: { byName: { name: "staff", input: 0 } } } },
    ],
    ["COPY --chown=root a b", { owner: { user: { byId: 0, byName: undefined } } }],
    ["COPY --exclude=*.md --exclude=x a b", { excludePatterns: ["*.md", "x"] }],
    [
      "COPY --parents x/./a/*.c /d/",
      { src: "/x", includePatterns: ["a/*.c"], requiredPaths: [], dest: "/d/" },
    ],
    ["COPY --parents a/b /d/", { src: "/", includePatterns: ["a/b"], requiredPaths: ["/a/b"] }],
    ["ADD --unpack http://h/p/a.tgz /d/", { src: "/a.tgz", attemptUnpackDockerCompatibility: true }],
    ["ADD https://h /d/", { src: "/__unnamed__", attemptUnpackDockerCompatibility: false }],
    ["ADD https://h/r.git#v1 /d", { src: "/", dest: "/d", dirCopyContents: false }],
    ["COPY <<a.txt /d/\nx\na.txt", { src: "/a.txt", dest: "/d/" }],
  ])("%s", async (text, expected) => {
    expect((await copy(text, "WORKDIR /w")).at(-1)).toMatchObject(expected);
  });

  it("puts variables into here-documents unless their word is quoted", async () => {
    const { vertices } = await buildDockerfile(
      'FROM busybox\nENV v="1"\nCOPY <<A <<"B" /d/\n"$v" \\$v\nA\n$v\nB',
    );
    const texts = vertices.flatMap(({ op }) => op.file?.actions ?? []).filter(({ mkfile }) => mkfile);
    expect(texts.map(({ mkfile }) => Buffer.from(mkfile!.data).toString())).toEqual(['"1" $v\n', "$v\n"]);
  });

  it("names sources: URLs with checksum, git with its options", async () => {
    const sources = async (text: string) =>
      (await buildDockerfile(`FROM scratch\n${text}`)).vertices.map(({ op }) => op.source).filter(Boolean);
    const checksum = `sha256:${"0".repeat(64)}`;
    expect(await sources(`ADD --checksum=${checksum} https://h/a?b=c /d`)).toMatchObject([
      { identifier: "https://h/a?b=c", attrs: { "http.filename": "a", "http.checksum": checksum } },
    ]);
    expect(await sources("ADD --keep-git-dir git@h.org:o/r.git#main:sub /d")).toMatchObject([
      {
        identifier: "git://h.org/o/r.git#main:sub",
        attrs: {
          "git.fullurl": "git@h.org:o/r.git",
          "git.keepgitdir": "true",
          "git.mountsshsock": "default",
        },
      },
    ]);
    expect(await sources("ADD https://h/o/r.git?tag=v1&submodules=false&commit=abc /d")).toMatchObject([
      {
        identifier: "git://h/o/r.git#refs/tags/v1",
        attrs: { "git.fullurl": "https://h/o/r.git", "git.checksum": "abc", "git.skipsubmodules": "true" },
      },
    ]);
  });

  it("--link makes a layer of its own, which is merged", async () => {
    const { vertices } = await buildDockerfile("FROM busybox\nCOPY --link a b");
    const [merge, layer] = [vertices.at(-1)!, vertices.at(-2)!];
    expect(merge).toMatchObject({
      name: "[2/2] LINK COPY --link a b",
      op: { merge: { inputs: [{ input: 0 }, { input: 1 }] } },
    });
    expect(layer).toMatchObject({ name: "[2/2] COPY --link a b", inputs: ["[internal] load build context"] });
    const chmod = await buildDockerfile("FROM busybox\nCOPY --link --chmod=1 a b");
    expect(chmod.vertices.at(-1)!.op.merge).toBeUndefined();
  });

  it("asks the client for the paths that all needed stages name", async () => {
    const { vertices } = await buildDockerfile(
      "FROM busybox AS a\nCOPY x/y /\nRUN --mount=source=m,target=/m x\nFROM busybox AS unused\nCOPY z /\nFROM a\nADD *.go http://h/x /\n",
    );
    const context = vertices.find(({ name }) => name === "[internal] load build context")!;
    expect(context.op.source).toMatchObject({
      identifier: "local://context",
      attrs: { "local.session": "session", "local.followpaths": '["*.go","m","x/y"]' },
    });
  });

  it("asks for everything where the whole context is named, and for what is not ignored", async () => {
    const { vertices, host } = await buildDockerfile({
      "local://dockerfile": { Dockerfile: "FROM busybox\nCOPY . /\nCOPY a /" },
      "local://context": { ".dockerignore": "# no\n*.log\n!keep.log\n" },
    });
    const { attrs } = vertices.find(({ name }) => name === "[internal] load build context")!.op.source!;
    expect(attrs).toEqual({
      "local.session": "session",
      "local.sharedkeyhint": "context",
      "local.excludepatterns": '["*.log","!keep.log"]',
    });
    expect(host.openTrees).toBe(0);
  });
});
