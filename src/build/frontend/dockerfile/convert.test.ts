// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import { describe, expect, it } from "vitest";
import { buildDockerfile, lastOf } from "./fake-host.test-support.ts";

/** A digest is as long as it is. */
const short = (names: string[]) => names.map((name) => name.replace(/@sha256:\w+/, ""));

describe("stages", () => {
  it("become operations with BuildKit's names, and only those that the target needs", async () => {
    const { names } = await buildDockerfile(
      "FROM busybox AS base\nRUN one\nFROM base AS unused\nRUN two\nFROM alpine\nCOPY --from=base /a /b\nWORKDIR /w\n",
    );
    expect(short(names)).toEqual([
      "[stage-2 1/3] FROM docker.io/library/alpine:latest",
      "[base 1/2] FROM docker.io/library/busybox:latest",
      "[base 2/2] RUN one",
      "[stage-2 2/3] COPY --from=base /a /b",
      "[stage-2 3/3] WORKDIR /w",
    ]);
  });

  it("have no name in a Dockerfile of one, and numbers as wide as the largest", async () => {
    const { names } = await buildDockerfile(`FROM busybox\n${"RUN x\n".repeat(9)}`);
    expect(short(names).slice(0, 2)).toEqual([
      "[ 1/10] FROM docker.io/library/busybox:latest",
      "[ 2/10] RUN x",
    ]);
  });

  it("are found by name in any case, by number, and else are images", async () => {
    const { names, host } = await buildDockerfile(
      "FROM busybox AS Build\nFROM scratch\nCOPY --from=BUILD a b\nCOPY --from=0 c d\nCOPY --from=alpine e f",
    );
    expect(host.resolved.map(({ reference }) => reference)).toEqual([
      "docker.io/library/busybox:latest",
      "docker.io/library/alpine:latest",
    ]);
    expect(short(names)).toContain("FROM docker.io/library/alpine:latest");
  });

  it("stop at the target", async () => {
    const text = "FROM busybox AS a\nRUN a\nFROM alpine AS b\nRUN b";
    expect((await buildDockerfile(text, { target: "A" })).names.at(-1)).toBe("[a 2/2] RUN a");
  });

  it("that are built on each other share configuration and arguments", async () => {
    const { config, vertices } = await buildDockerfile(
      "FROM busybox AS a\nARG X=1\nENV E=$X\nUSER u\nWORKDIR /w\nLABEL l=1\nFROM a\nRUN y",
    );
    expect(lastOf({ vertices }).op.exec!.meta).toMatchObject({
      env: ["X=1", expect.stringMatching(/^PATH=/), "E=1"],
      cwd: "/w",
      user: "u",
    });
    expect(config.config).toMatchObject({ User: "u", WorkingDir: "/w", Labels: { l: "1" } });
    expect(config.history!.at(-1)!.created_by).toBe("RUN |1 X=1 /bin/sh -c y # buildkit");
  });

  it("of nothing are no definition", async () => {
    const { result, config } = await buildDockerfile("FROM scratch\nLABEL a=b");
    expect(result.outputs[0]!.definition).toBeUndefined();
    expect(config).toMatchObject({ os: "linux", architecture: "amd64", config: { Labels: { a: "b" } } });
  });

  it("carry out the triggers of what they are built on, of images and of stages", async () => {
    const { names, config } = await buildDockerfile(
      "FROM trigger AS a\nONBUILD RUN two\nFROM a\nRUN three",
      {},
      {
        "trigger:latest": { config: { OnBuild: ["RUN one", "COPY --from=busybox /x /y"] } },
        "busybox:latest": {},
      },
    );
    expect(short(names)).toEqual([
      // Its name is settled before its triggers are known.
      "[a 1/1] FROM docker.io/library/trigger:latest",
      "[a 2/3] ONBUILD RUN one",
      "FROM docker.io/library/busybox:latest",
      "[a 3/3] ONBUILD COPY --from=busybox /x /y",
      "[stage-1 1/2] ONBUILD RUN two",
      "[stage-1 2/2] RUN three",
    ]);
    expect(config.config!.OnBuild).toBeUndefined();
  });

  it("tell the lines of their instructions, here-documents included", async () => {
    const { vertices } = await buildDockerfile("FROM busybox\n\nRUN a \\\n b\nRUN <<E\nx\nE\n");
    expect(vertices.map(({ lines }) => lines)).toEqual([[1], [3, 4], [5, 6, 7]]);
  });
});

describe("configuration", () => {
  it("tells each step in the history", async () => {
    const { config } = await buildDockerfile(
      [
        "FROM busybox",
        "ARG A B=2 TARGETARCH",
        "ENV x=1 y='2 3'",
        'LABEL l="m n"',
        "MAINTAINER me",
        "USER u:g",
        "WORKDIR rel",
        "VOLUME /a /b",
        'VOLUME ["/c d"]',
        "EXPOSE 80 1000-1001/UDP",
        "STOPSIGNAL SIGKILL",
        "HEALTHCHECK --interval=1m30s --timeout=500ms --retries=2 CMD a b",
        'SHELL ["/bin/x", "-c"]',
        "ENTRYPOINT e",
        'CMD ["c", "d"]',
        "COPY --chown=1 --chmod=644 a b /c/",
        "WORKDIR /",
      ].join("\n"),
    );
    expect(config.history!.map(({ created_by, empty_layer = false }) => [created_by, empty_layer])).toEqual([
      ["ARG A B=2 TARGETARCH=amd64", true],
      ["ENV x=1 y=2 3", true],
      ["LABEL l=m n", true],
      ["MAINTAINER me", true],
      ["USER u:g", true],
      ["WORKDIR /rel", false],
      ["VOLUME [/a /b]", true],
      ["VOLUME [/c d]", true],
      ["EXPOSE [1000/udp 1001/udp 80/tcp]", true],
      ["STOPSIGNAL SIGKILL", true],
      [
        "HEALTHCHECK {Test:[CMD-SHELL a b] Interval:1m30s Timeout:500ms StartPeriod:0s StartInterval:0s Retries:2}",
        true,
      ],
      ["SHELL [/bin/x -c]", true],
      ['ENTRYPOINT ["/bin/x" "-c" "e"]', true],
      ['CMD ["c" "d"]', true],
      ["COPY --chown=1 --chmod=644 a b /c/ # buildkit", false],
      ["WORKDIR /", true],
    ]);
    expect(new Set(config.history!.map(({ comment }) => comment))).toEqual(
      new Set(["buildkit.dockerfile.v0"]),
    );
    expect(config).toMatchObject({
      author: "me",
      config: {
        Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "x=1", "y=2 3"],
        User: "u:g",
        Volumes: { "/a": {}, "/b": {}, "/c d": {} },
        ExposedPorts: { "1000/udp": {}, "1001/udp": {}, "80/tcp": {} },
        StopSignal: "SIGKILL",
        Entrypoint: ["/bin/x", "-c", "e"],
        Cmd: ["c", "d"],
      },
    });
  });

  it("keeps what the base image has, but for its time; and it says which that was", async () => {
    const base = {
      created: "2020-01-01T00:00:00Z",
      author: "them",
      config: { Env: ["PATH=/x", "A=1"], Cmd: ["sh"], WorkingDir: "/base", User: "nobody" },
      history: [{ created_by: "base" }],
    };
    const { config, result, vertices } = await buildDockerfile(
      'FROM busybox\nENV A=2\nRUN x\nENTRYPOINT ["y"]',
      {},
      { "busybox:latest": base },
    );
    expect(config).toMatchObject({
      author: "them",
      config: { Env: ["PATH=/x", "A=2"], WorkingDir: "/base" },
    });
    expect(config.created).toBeUndefined();
    expect(config.config!.Cmd).toBeUndefined();
    expect(config.history![0]).toEqual({ created_by: "base" });
    expect(result.outputs[0]!.baseConfig).toMatchObject(base);
    expect(lastOf({ vertices }).op.exec!.meta).toMatchObject({ cwd: "/base", user: "nobody" });
  });

  it("has the client's labels, in order", async () => {
    const { config } = await buildDockerfile("FROM busybox\nLABEL z=1 b=2", {
      "label:b": "3",
      "label:a": "4",
    });
    expect(Object.entries(config.config!.Labels!)).toEqual([
      ["a", "4"],
      ["b", "3"],
      ["z", "1"],
    ]);
  });

  it("has the time that SOURCE_DATE_EPOCH says", async () => {
    const { config, vertices } = await buildDockerfile("FROM busybox\nWORKDIR /a\nENV a=b", {
      "build-arg:SOURCE_DATE_EPOCH": "1700000000",
    });
    expect(config.history!.map(({ created }) => created)).toEqual([
      "2023-11-14T22:13:20Z",
      "2023-11-14T22:13:20Z",
    ]);
    expect(lastOf({ vertices }).op.file!.actions[0]!.mkdir!.timestamp).toBe(1_700_000_000e9);
  });
});

describe("arguments", () => {
  it.each<[string, string, Record<string, string>, string[]]>([
    ["a default", "ARG A=1", {}, ["A=1"]],
    ["none", "ARG A", {}, []],
    ["the client's", "ARG A=1", { A: "2" }, ["A=2"]],
    ["one of the head", "ARG V", {}, ["V=head"]],
    ["a default instead of the head's", "ARG V=x", {}, ["V=x"]],
    ["another one", "ARG A=1\nARG B=${A}2", {}, ["A=1", "B=12"]],
    ["an ENV that wins", "ARG A=1\nENV A=2", {}, ["A=2"]],
    [
      "platforms",
      "ARG TARGETPLATFORM BUILDOS TARGETSTAGE",
      {},
      ["TARGETPLATFORM=linux/amd64", "BUILDOS=linux", "TARGETSTAGE=default"],
    ],
    ["not declared", "RUN a", { A: "2" }, []],
  ])("%s", async (_, text, args, env) => {
    const options = Object.fromEntries(
      Object.entries(args).map(([key, value]) => [`build-arg:${key}`, value]),
    );
    const built = await buildDockerfile(`ARG V=head\nFROM busybox\n${text}\nRUN x`, options);
    expect(lastOf(built).op.exec!.meta!.env.slice(1)).toEqual(env);
  });

  it("of the head are for FROM, with the client's before the default", async () => {
    const text = "ARG I=busybox\nARG T=${I:+latest}\nFROM $I:$T";
    const { host } = await buildDockerfile(text, { "build-arg:I": "alpine" });
    expect(host.resolved).toMatchObject([{ reference: "docker.io/library/alpine:latest" }]);
  });
});

describe("platforms", () => {
  it("are built each, with their own base images and names", async () => {
    const { result, host } = await buildDockerfile(
      "FROM --platform=$BUILDPLATFORM busybox AS b\nARG TARGETARCH\nRUN make $TARGETARCH\nFROM busybox\nCOPY --from=b /o /",
      { platform: "linux/amd64,linux/arm64" },
    );
    expect(result.isMultiPlatform).toBe(true);
    expect(result.outputs.map(({ platformId, config }) => [platformId, config.architecture])).toEqual([
      ["linux/amd64", "amd64"],
      ["linux/arm64", "arm64"],
    ]);
    expect(new Set(host.resolved.map(({ stepName }) => stepName))).toEqual(
      new Set([
        "[linux/amd64 internal] load metadata for docker.io/library/busybox:latest",
        "[linux/arm64 internal] load metadata for docker.io/library/busybox:latest",
      ]),
    );
    const names = Object.values(result.outputs[1]!.definition!.metadata).map(
      ({ description }) => description["llb.customname"]!,
    );
    expect(names).toContain("[linux/amd64->arm64 b 2/2] RUN make arm64");
  });

  it("are an index where that is asked for", async () => {
    const { result } = await buildDockerfile("FROM busybox", { "multi-platform": "true" });
    expect(result.isMultiPlatform).toBe(true);
  });
});

describe("the cache", () => {
  it.each<[string, string[]]>([
    ["", ["[a 2/2] RUN one", "[b 1/1] RUN two"]],
    ["B", ["[b 1/1] RUN two"]],
  ])("is not asked for stages %j", async (value, expected) => {
    const { vertices } = await buildDockerfile("FROM busybox AS a\nRUN one\nFROM a AS b\nRUN two", {
      "no-cache": value,
    });
    expect(vertices.filter(({ ignoreCache }) => ignoreCache).map(({ name }) => name)).toEqual(expected);
  });
});
