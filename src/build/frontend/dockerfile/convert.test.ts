// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import { describe, expect, it } from "vitest";
import { messages } from "../../llb/index.ts";
import { buildDockerfile, type Vertex } from "./fake-host.test-support.ts";

const { MountType, NetworkMode, SecurityMode, CacheSharing } = messages;
const last = ({ vertices }: { vertices: Vertex[] }) => vertices.at(-1)!;
const exec = async (run: string, options = {}) =>
  last(await buildDockerfile(`FROM busybox\n${run}`, options)).op.exec!;
const copy = async (text: string, before = "") => {
  const { op } = last(await buildDockerfile(`FROM busybox\n${before}\n${text}`));
  return op.file!.actions.map((action) => action.copy!);
};
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
    expect(last({ vertices }).op.exec!.meta).toMatchObject({
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

describe("RUN", () => {
  it.each<[string, string[]]>([
    ["RUN echo  a", ["/bin/sh", "-c", "echo  a"]],
    ['RUN ["a", "b c"]', ["a", "b c"]],
    ['SHELL ["bash", "-ec"]\nRUN x', ["bash", "-ec", "x"]],
    ["RUN <<EOF\na\nb\nEOF", ["/bin/sh", "-c", "a\nb\n"]],
    ["RUN <<-EOF\n\ta\n\tEOF", ["/bin/sh", "-c", "a\n"]],
    ["RUN cat <<A <<B > x\na\nA\nb\nB", ["/bin/sh", "-c", "cat <<A <<B > x\na\nA\nb\nB"]],
    ["RUN <<EOF\n#!/bin/x\nEOF", ["/bin/sh", "-c", "/dev/pipes/EOF"]],
  ])("%j runs %j", async (text, args) => {
    expect((await exec(text)).meta!.args).toEqual(args);
  });

  it.each<[string, object]>([
    ["type=bind,target=/m", { dest: "/m", readonly: true, mountType: MountType.BIND, input: 1, output: -1 }],
    ["target=m,rw", { dest: "/m", readonly: false, input: 1 }],
    ["type=bind,source=a/b,dst=/m", { selector: "/a/b" }],
    ["type=bind,from=alpine,src=/x,target=/m,readonly=false", { selector: "/x", readonly: false }],
    ["type=cache,target=/c/", { dest: "/c/", mountType: MountType.CACHE, input: -1, cache: { id: "//c/" } }],
    ["type=cache,id=x,target=/c,sharing=locked", { cache: { id: "/x", sharing: CacheSharing.LOCKED } }],
    ["type=cache,target=/c,sharing=private,ro", { readonly: true, cache: { sharing: CacheSharing.PRIVATE } }],
    ["type=cache,target=/c,uid=5,mode=700", { selector: "/cache", input: 1 }],
    [
      "type=tmpfs,target=/t,size=64m",
      { mountType: MountType.TMPFS, tmpfs: { sizeBytes: 67108864 }, input: -1 },
    ],
    [
      "type=secret,id=a",
      {
        dest: "/run/secrets/a",
        mountType: MountType.SECRET,
        secret: { id: "a", optional: true, mode: 0o400 },
      },
    ],
    ["type=secret,target=/x/y,required", { dest: "/x/y", secret: { id: "y", optional: false } }],
    ["type=secret,id=a,uid=3,mode=0440", { secret: { uid: 3, gid: 0, mode: 0o440 } }],
    [
      "type=ssh",
      {
        dest: "/run/buildkit/ssh_agent.0",
        mountType: MountType.SSH,
        ssh: { id: "", optional: true, mode: 0o600 },
      },
    ],
    ["type=ssh,id=x,required=true,target=/s", { dest: "/s", ssh: { id: "x", optional: false } }],
  ])("--mount=%s", async (text, expected) => {
    const { mounts } = await exec(`RUN --mount=${text} x`);
    expect(mounts.at(-1)).toMatchObject(expected);
  });

  it("sorts mounts by where they go, and mounts each input once", async () => {
    const run = await exec(
      "RUN --mount=target=/z --mount=type=cache,target=/b --mount=target=/a,source=s x",
      { "shm-size": "100" },
    );
    expect(run.mounts.map(({ dest, input }) => [dest, input])).toEqual([
      ["/", 0],
      ["/a", 1],
      ["/b", -1],
      ["/dev/shm", -1],
      ["/z", 1],
    ]);
  });

  it("hands over secrets as variables, and shows none", async () => {
    const built = await buildDockerfile("FROM busybox\nRUN --mount=type=secret,id=t,env=TOKEN echo $TOKEN");
    expect(last(built).op.exec).toMatchObject({
      secretEnv: [{ id: "t", name: "TOKEN", optional: true }],
      mounts: [{ dest: "/" }],
    });
    expect(last(built).name).toMatch(/RUN --mount=type=secret,id=t,env=TOKEN echo \*\*\*\*$/);
  });

  it("tells the agent's socket", async () => {
    expect((await exec("RUN --mount=type=ssh x")).meta!.env.at(-1)).toBe(
      "SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0",
    );
  });

  it("has network, security and devices as they are asked for", async () => {
    expect(await exec("RUN x", { "force-network-mode": "host" })).toMatchObject({
      network: NetworkMode.HOST,
    });
    expect(await exec("RUN --network=none x", { "force-network-mode": "host" })).toMatchObject({
      network: NetworkMode.NONE,
    });
    expect(await exec("RUN --security=insecure --device=v.com/gpu=all,required x")).toMatchObject({
      security: SecurityMode.INSECURE,
      cdiDevices: [{ name: "v.com/gpu=all", optional: false }],
    });
  });

  it("gets what the client's options say", async () => {
    const options = {
      "add-hosts": "a.b=1.2.3.4,c=::1",
      ulimit: "nofile=10:20,core=-1",
      "cgroup-parent": "/x",
      hostname: "h",
      "build-arg:HTTP_PROXY": "http://p",
      "build-arg:no_proxy": "n",
      memory: "100",
    };
    const built = await buildDockerfile("FROM busybox\nRUN x", options);
    expect(last(built).op.exec!.meta).toMatchObject({
      extraHosts: [
        { host: "a.b", ip: "1.2.3.4" },
        { host: "c", ip: "::1" },
      ],
      ulimits: [
        { name: "nofile", soft: 10, hard: 20 },
        { name: "core", soft: -1, hard: -1 },
      ],
      cgroupParent: "/x",
      hostname: "h",
      proxyEnv: { httpProxy: "http://p", noProxy: "n" },
      env: [expect.stringMatching(/^PATH=/)],
    });
    expect(built.config.history!.at(-1)!.created_by).toBe("RUN /bin/sh -c x # buildkit");
  });
});

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
    expect(last({ vertices }).op.exec!.meta).toMatchObject({ cwd: "/base", user: "nobody" });
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
    expect(last({ vertices }).op.file!.actions[0]!.mkdir!.timestamp).toBe(1_700_000_000e9);
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
    expect(last(built).op.exec!.meta!.env.slice(1)).toEqual(env);
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
