import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DefinitionBuilder } from "../../llb/index.ts";
import { dockerfileFrontend } from "./dockerfile-frontend.ts";
import { buildDockerfile, FakeHost, failureOf, verticesOf } from "./fake-host.test-support.ts";

const sourcesOf = (vertices: { op: { source: { identifier: string } | undefined } }[]) =>
  vertices.flatMap(({ op }) => (op.source ? [op.source.identifier] : []));

describe("the Dockerfile", () => {
  it("is asked of the client, with its own ignore file", async () => {
    const { host, vertices } = await buildDockerfile(
      {
        "local://dockerfile": {
          "d/Web.Dockerfile": "FROM scratch\nCOPY . /",
          "d/Web.Dockerfile.dockerignore": "x\n",
        },
        "local://context": { ".dockerignore": "y\n" },
      },
      { filename: "d/Web.Dockerfile" },
    );
    expect(host.solved).toHaveLength(1);
    expect(host.solved[0]).toMatchObject([
      {
        name: "[internal] load build definition from d/Web.Dockerfile",
        op: {
          source: {
            identifier: "local://dockerfile",
            attrs: {
              "local.session": "session",
              "local.sharedkeyhint": "dockerfile",
              "local.differ": "none",
              "local.followpaths": '["d/Web.Dockerfile","d/Web.Dockerfile.dockerignore"]',
            },
          },
        },
      },
    ]);
    expect(vertices[0]!.op.source!.attrs["local.excludepatterns"]).toBe('["x"]');
    expect(host.openTrees).toBe(0);
  });

  it("may be named in lower case, or come from elsewhere than the context", async () => {
    const { host } = await buildDockerfile({ "local://dockerfile": { dockerfile: "FROM scratch" } });
    expect(host.solved[0]![0]!.op.source!.attrs["local.followpaths"]).toBe(
      '["Dockerfile","Dockerfile.dockerignore","dockerfile"]',
    );
    const other = await buildDockerfile(
      { "local://_d": { Dockerfile: "FROM scratch\nCOPY a /" }, "local://ctx": {} },
      { dockerfilekey: "_d", contextkey: "ctx", "local-sessionid:ctx": "other" },
    );
    expect(other.vertices[0]!.op.source).toMatchObject({
      identifier: "local://ctx",
      attrs: { "local.session": "other", "local.sharedkeyhint": "ctx" },
    });
  });

  it("must not be empty", async () => {
    expect((await failureOf({ "local://dockerfile": { Dockerfile: "" } })).message).toBe(
      "the Dockerfile cannot be empty",
    );
  });

  it("with an ignore file that makes no sense is refused", async () => {
    const files = { Dockerfile: "FROM scratch\nCOPY . /", "Dockerfile.dockerignore": "!\n" };
    expect((await failureOf({ "local://dockerfile": files })).message).toMatch(
      /^failed parsing Dockerfile.dockerignore: .*illegal exclusion pattern/,
    );
  });
});

describe("the context", () => {
  it("is a git repository, which has the Dockerfile too", async () => {
    const url = "https://github.com/o/r.git#main:sub";
    const { host, vertices } = await buildDockerfile(
      { "git://github.com/o/r.git#main:sub": { Dockerfile: "FROM scratch\nCOPY a /" } },
      { context: url, "build-arg:BUILDKIT_CONTEXT_KEEP_GIT_DIR": "1" },
    );
    expect(host.solved[0]![0]!.name).toBe(`[internal] load git source ${url}`);
    expect(vertices[0]!.op.source).toMatchObject({
      identifier: "git://github.com/o/r.git#main:sub",
      attrs: { "git.fullurl": "https://github.com/o/r.git", "git.keepgitdir": "true" },
    });
  });

  it("shows no password", async () => {
    const { host, vertices } = await buildDockerfile(
      { "git://h/r.git": { Dockerfile: "FROM scratch\nCOPY --from=x a /" } },
      { context: "https://u:secret@h/r.git", "context:x": "https://u:secret@h/x.tar" },
    );
    const names = [...host.solved.flat(), ...vertices].map(({ name }) => name);
    expect(names).toContain("[internal] load git source https://xxxxx:xxxxx@h/r.git");
    expect(names).toContain("[context x] https://xxxxx:xxxxx@h/x.tar");
  });

  it("is an archive of the web", async () => {
    const host = new FakeHost(
      { "https://h/c.tgz": { context: gzipSync("x") } },
      { context: "https://h/c.tgz", dockerfilekey: "dockerfile" },
    );
    Object.assign(host.sources, { "local://dockerfile": { Dockerfile: "FROM scratch\nCOPY a /" } });
    const { outputs } = await dockerfileFrontend(host);
    const vertices = verticesOf(outputs[0]!.definition!);
    expect(vertices[1]!.op.file!.actions[0]!.copy).toMatchObject({
      src: "/context",
      dest: "/",
      attemptUnpackDockerCompatibility: true,
    });
    expect(sourcesOf(vertices)).toEqual(["https://h/c.tgz"]);
  });

  it("is a Dockerfile of the web", async () => {
    const { host, config } = await buildDockerfile(
      { "https://h/Dockerfile": { context: "FROM scratch\nUSER x\n" } },
      { context: "https://h/Dockerfile" },
    );
    expect(host.solved[0]![0]!.name).toBe("[internal] load remote build context");
    expect(config.config!.User).toBe("x");
  });

  it("is another build's result", async () => {
    const host = new FakeHost("FROM scratch\nCOPY a /");
    const builder = new DefinitionBuilder();
    const input = builder.add({ source: { identifier: "docker-image://x", attrs: {} } });
    host.inputs.context = builder.definitionOf(input);
    const { outputs } = await dockerfileFrontend(host);
    expect(sourcesOf(verticesOf(outputs[0]!.definition!))).toEqual(["docker-image://x"]);
  });
});

describe("named contexts", () => {
  const text = "FROM base AS build\nCOPY --from=files /a/b /\nFROM scratch\nCOPY --from=build /x /";
  const files = { "local://dockerfile": { Dockerfile: text } };

  it("stand for images and stages", async () => {
    const { host, names } = await buildDockerfile(files, {
      "context:base": "docker-image://busybox",
      "context:files": "docker-image://alpine:latest",
    });
    expect(host.resolved.map(({ reference, stepName }) => [reference, stepName])).toEqual([
      ["docker.io/library/busybox:latest", "[context base] load metadata for busybox"],
      ["docker.io/library/alpine:latest", "[context files] load metadata for alpine:latest"],
    ]);
    expect(names).toContain("[context base] busybox");
    const stage = await buildDockerfile(files, { "context:build": "docker-image://busybox" });
    expect(sourcesOf(stage.vertices)).toEqual([
      expect.stringMatching(/^docker-image:\/\/docker\.io\/library\/busybox:latest@sha256:/),
    ]);
    expect(stage.host.resolved).toHaveLength(1);
  });

  it("are directories of the client's: what is needed of them, and not ignored there", async () => {
    const { host, vertices } = await buildDockerfile(
      { ...files, "local://f": { ".dockerignore": "z\n" } },
      {
        "context:files": "local:f",
        "context:base": "docker-image://scratch",
        "sharedkey:localdir:files": "key",
      },
    );
    expect(host.solved[1]![0]!.name).toBe("[context files] load .dockerignore");
    const local = vertices.find(({ name }) => name === "[context files] load from client")!;
    expect(local.op.source).toMatchObject({
      identifier: "local://f",
      attrs: {
        "local.followpaths": '["a/b"]',
        "local.excludepatterns": '["z"]',
        "local.sharedkeyhint": "context:files-key",
      },
    });
  });

  it("may be for one platform", async () => {
    const { host } = await buildDockerfile("FROM busybox", {
      "context:busybox::linux/amd64": "docker-image://alpine",
      "context:busybox": "docker-image://nosuch",
    });
    expect(host.resolved).toMatchObject([{ reference: "docker.io/library/alpine:latest" }]);
  });

  it.each<[string, string[]]>([
    ["https://h/r.git#main", ["git://h/r.git#main"]],
    ["git@h:r.git", ["git://h/r.git"]],
    ["https://h/a.tar", ["https://h/a.tar"]],
  ])("are remote: %s", async (context, identifiers) => {
    const { vertices } = await buildDockerfile("FROM scratch\nCOPY --from=x a b", { "context:x": context });
    expect(sourcesOf(vertices)).toEqual(identifiers);
  });

  it("are images in a layout of the client's", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const { host, vertices } = await buildDockerfile(
      "FROM x\nRUN y",
      { "context:x": `oci-layout://store:tag@${digest}` },
      { x: { config: { User: "u" } } },
    );
    expect(host.resolved).toMatchObject([
      { reference: `docker.io/library/x@${digest}`, ociLayout: { sessionId: "session", storeId: "store" } },
    ]);
    expect(vertices[0]!.op.source).toMatchObject({
      identifier: `oci-layout://docker.io/library/x@${digest}`,
      attrs: { "oci.session": "session", "oci.store": "store" },
    });
    expect(vertices[1]!.op.exec!.meta!.user).toBe("u");
  });

  it("are results of other builds, with their configuration", async () => {
    const config = Buffer.from(JSON.stringify({ os: "linux", architecture: "amd64", config: { User: "u" } }));
    const host = new FakeHost("FROM base\nRUN x", {
      "context:base": "input:other",
      "input-metadata:other": JSON.stringify({ "containerimage.config": config.toString("base64") }),
    });
    const builder = new DefinitionBuilder();
    host.inputs.other = builder.definitionOf(
      builder.add({ source: { identifier: "docker-image://x", attrs: {} } }),
    );
    const { outputs } = await dockerfileFrontend(host);
    expect(outputs[0]!.config.config!.User).toBe("u");
    expect(sourcesOf(verticesOf(outputs[0]!.definition!))).toEqual(["docker-image://x"]);
  });

  it.each([
    ["x", "invalid context specifier x for base"],
    ["ftp://x", "unsupported context source ftp for base"],
    ["input:x", "invalid input x for base"],
    ["oci-layout://x", 'oci-layout reference "x" has no digest'],
  ])("are refused: %s", async (value, message) => {
    expect((await failureOf("FROM base", { "context:base": value })).message).toBe(message);
  });
});
