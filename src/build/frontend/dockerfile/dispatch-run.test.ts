// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import { describe, expect, it } from "vitest";
import { messages } from "../../llb/index.ts";
import { buildDockerfile, lastOf } from "./fake-host.test-support.ts";

const { MountType, NetworkMode, SecurityMode, CacheSharing } = messages;
const exec = async (run: string, options = {}) =>
  lastOf(await buildDockerfile(`FROM busybox\n${run}`, options)).op.exec!;

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
    expect(lastOf(built).op.exec).toMatchObject({
      secretEnv: [{ id: "t", name: "TOKEN", optional: true }],
      mounts: [{ dest: "/" }],
    });
    expect(lastOf(built).name).toMatch(/RUN --mount=type=secret,id=t,env=TOKEN echo \*\*\*\*$/);
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
    expect(lastOf(built).op.exec!.meta).toMatchObject({
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
