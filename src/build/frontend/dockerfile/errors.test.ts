// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import { describe, expect, it } from "vitest";
import type { ImageRuntimeConfig } from "../../../formats/index.ts";
import { LocatedError } from "../located-error.ts";
import { buildDockerfile, failureOf } from "./fake-host.test-support.ts";

const linesOf = (error: unknown) =>
  error instanceof LocatedError
    ? error.locations.map(({ ranges }) => ranges.map(({ start }) => start!.line))
    : undefined;

describe("mistakes are told in BuildKit's words, with their lines", () => {
  it.each<[string, string, number[][]]>([
    [
      "FROM busybox\n\nFOO x \\\n y",
      "dockerfile parse error on line 3: unknown instruction: FOO (did you mean FROM?)",
      [[3, 4]],
    ],
    [
      "from busybox\nrum x",
      "dockerfile parse error on line 2: unknown instruction: rum (did you mean run?)",
      [[2]],
    ],
    ["FROM busybox\nENV x", "ENV must have two arguments", [[2]]],
    ["FROM busybox\nFOO\nENV x", "ENV must have two arguments", [[3]]],
    [
      "FROM busybox\nCMD [1]",
      "when using JSON array syntax, arrays must be comprised of strings only",
      [[2]],
    ],
    ["FROM busybox\nRUN <<E\nx", "unterminated heredoc", [[2, 3]]],
    ["# a\n", "file with no instructions", [[1]]],
    ["RUN x", "no build stage in current context", [[1]]],
    ["ARG x\n", "dockerfile contains no stages to build", [[1]]],
    ["# escape=x\nFROM a", "invalid escape token 'x' does not match ` or \\", [[1]]],
    ["# check=skip=all\n# check=skip=all\nFROM a", "only one check parser directive can be used", [[2]]],
    [
      "FROM busybox\nCOPY --form=x a b",
      "dockerfile parse error on line 2: unknown flag: --form (did you mean from?)",
      [[2]],
    ],
    [
      "FROM busybox\nCOPY --link=maybe a b",
      "dockerfile parse error on line 2: expecting boolean value for flag --link, not: maybe",
      [[2]],
    ],
    [
      "FROM busybox\nCOPY --link= a b",
      "dockerfile parse error on line 2: missing a value on flag: --link",
      [[2]],
    ],
    [
      "FROM busybox\nADD --checksum a b",
      "dockerfile parse error on line 2: missing a value on flag: --checksum",
      [[2]],
    ],
    ["FROM busybox\nRUN --network=x y", 'dockerfile parse error on line 2: invalid network mode "x"', [[2]]],
    [
      "FROM busybox\nRUN --security=x y",
      'dockerfile parse error on line 2: security "x" is not valid',
      [[2]],
    ],
    [
      "FROM busybox\nRUN --mount=from=$x y",
      "dockerfile parse error on line 2: 'from' doesn't support variable expansion, define alias stage instead",
      [[2]],
    ],
    [
      "FROM busybox\nRUN --mount=type=bnd,target=/x y",
      'unsupported mount type "bnd" (did you mean bind?)',
      [[2]],
    ],
    [
      "FROM busybox\nRUN --mount=type=cache,target=/x,sharing=lock y",
      'unsupported sharing value "lock" (did you mean locked?)',
      [[2]],
    ],
    [
      "FROM busybox\nRUN --mount=targett=/x y",
      "unexpected key 'targett' in 'targett=/x' (did you mean target?)",
      [[2]],
    ],
    ["FROM busybox\nRUN --mount=foo y", "invalid field 'foo' must be a key=value pair", [[2]]],
    [
      "FROM busybox\nRUN --mount=type=bind,target=/x,required y",
      "unexpected key 'required' for mount type 'bind'",
      [[2]],
    ],
    ["FROM busybox\nRUN --mount=target=/x,size=1 y", "unexpected key 'size' for mount type 'bind'", [[2]]],
    [
      "FROM busybox\nRUN --mount=type=tmpfs,target=/x,uid=1 y",
      'uid not allowed for "tmpfs" type mounts',
      [[2]],
    ],
    [
      "FROM busybox\nRUN --mount=type=secret y",
      "invalid secret mount. one of source, target required",
      [[2]],
    ],
    ["FROM busybox\nRUN --mount=type=secret,id=a,source=b y", "both source and id can't be set", [[2]]],
    [
      "FROM busybox\nRUN --mount=target=/x,sharing=locked y",
      "invalid cache sharing set for bind mount",
      [[2]],
    ],
    ["FROM busybox\nRUN --mount=type=cache,target=/x,mode=9 y", "invalid value 9 for mode", [[2]]],
    ["FROM busybox\nRUN --mount=type=ssh,source=a y", "ssh does not support source", [[2]]],
    ["FROM busybox\nRUN --mount=target=/ y", 'invalid mount target "/"', [[2]]],
    [
      "FROM busybox AS a\nRUN --mount=from=b,target=/x y\nFROM a AS b",
      'cannot mount from stage "b" to "/x", stage needs to be defined before current command',
      [[2]],
    ],
    [
      "FROM busybox AS a\nCOPY --from=b x y\nFROM busybox AS b\nFROM a",
      'cannot copy from stage "b", it needs to be defined before current stage "a"',
      [[2]],
    ],
    ["FROM busybox\nCOPY --from=3 x y", "invalid stage index 3", [[2]]],
    [
      "FROM busybox\nCOPY --from=$x x y",
      "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
      [[2]],
    ],
    ["FROM busybox AS a\nCOPY --from=a x y", "circular dependency detected on stage: a", [[2]]],
    ["FROM busybox\nCOPY http://a/b c", "source can't be a URL for COPY", [[2]]],
    ["FROM busybox\nCOPY git@a:b c", "source can't be a git ref for COPY", [[2]]],
    ["FROM busybox\nADD --checksum=x http://a/b c", "invalid checksum digest format", [[2]]],
    ["FROM busybox\nADD --checksum=x a c", "checksum requires HTTP(S) or Git sources", [[2]]],
    ["FROM busybox\nADD https://a/b.git?x=y c", 'unexpected query "x"', [[2]]],
    [
      "FROM busybox\nCOPY --chmod=999 a c",
      "invalid chmod parameter: '999'. it should be octal string and between 0 and 07777",
      [[2]],
    ],
    ["FROM busybox\nCOPY --chmod=u!x a c", "invalid syntax", [[2]]],
    ["FROM busybox\nEXPOSE x", "invalid containerPort: x", [[2]]],
    ["FROM busybox\nEXPOSE 1/x", 'invalid port: "1/x": invalid proto: x', [[2]]],
    ["FROM busybox\nENV a=${b:?needed}", 'failed to process "${b:?needed}": b: needed', [[2]]],
    [
      "FROM busybox\nENV a=${b",
      'failed to process "${b": unsupported modifier (\ufffd) in substitution',
      [[2]],
    ],
    ["FROM $x", "base name ($x) should not be blank", [[1]]],
    ["FROM --platform=$x busybox", "empty platform value from expression $x", [[1]]],
    [
      "ARG MY_ARCH=amd64\nFROM --platform=linux/${MYARCH} busybox",
      'failed to parse platform linux/${MYARCH}: "" is an invalid component of "linux/": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument (did you mean MY_ARCH?)',
      [[2]],
    ],
    ["FROM busybx", "busybx: docker.io/library/busybx:latest: not found (did you mean busybox?)", [[1]]],
    [
      "FROM Busybox",
      'failed to parse stage name "Busybox": invalid reference format: repository name (library/Busybox) must be lowercase',
      [[1]],
    ],
    [
      "FROM busybox\nHEALTHCHECK CMDD x",
      'dockerfile parse error on line 2: Unknown type "CMDD" in HEALTHCHECK (try CMD)',
      [[2]],
    ],
  ])("%j", async (text, message, lines) => {
    const error = await failureOf(text);
    expect(error.message).toBe(message);
    expect(linesOf(error)).toEqual(lines);
  });
});

describe("a base image whose configuration is none", () => {
  it.each([
    [{ Env: "PATH=/x" }, "config.Env"],
    [{ OnBuild: [1] }, "config.OnBuild"],
    [{ WorkingDir: 1 }, "config.WorkingDir"],
    [{ Labels: { a: {} } }, "config.Labels"],
  ])("is refused: %j", async (config, field) => {
    const images = { "busybox:latest": { config: config as unknown as ImageRuntimeConfig } };
    await expect(buildDockerfile("FROM busybox\nRUN x", {}, images)).rejects.toThrow(
      `failed to parse image config: field ${field} has a value of the wrong kind`,
    );
  });
});

describe("options that make no sense", () => {
  const text = "FROM busybox AS build";
  it.each<[Record<string, string>, string]>([
    [{ target: "buidl" }, 'target stage "buidl" could not be found (did you mean build?)'],
    [
      { platform: "a/b/c/d" },
      'failed to parse target platform a/b/c/d: "a/b/c/d": cannot parse platform specifier: invalid argument',
    ],
    [
      { platform: "linux/amd64,linux/arm64", "multi-platform": "0" },
      "conflicting config: returning multiple target platforms is not allowed",
    ],
    [{ "multi-platform": "x" }, "invalid boolean value for multi-platform: x"],
    [{ "image-resolve-mode": "x" }, "invalid image-resolve-mode: x"],
    [{ "force-network-mode": "x" }, "invalid netmode x"],
    [{ "add-hosts": "x" }, "failed to parse additional hosts: invalid key-value pair x"],
    [{ "add-hosts": "x=y" }, "failed to parse additional hosts: failed to parse IP y"],
    [{ "shm-size": "x" }, 'failed to parse shm size: strconv.ParseInt: parsing "x": invalid syntax'],
    [{ ulimit: "x=1" }, "failed to parse ulimit: invalid ulimit type: x"],
    [{ memory: "-1" }, "failed to parse resource limits: invalid memory value: -1: must be > 0"],
    [{ "build-arg:SOURCE_DATE_EPOCH": "x" }, "invalid SOURCE_DATE_EPOCH: x"],
    [
      { "frontend.caps": "moby.buildkit.frontend.nosuch" },
      "unsupported frontend capability moby.buildkit.frontend.nosuch",
    ],
    [{ requestid: "frontend.nosuch" }, "unsupported request frontend.nosuch"],
    [{ filename: "other" }, "failed to read dockerfile: open other: no such file or directory"],
    [
      { "build-arg:BUILDKIT_DOCKERFILE_CHECK": "x" },
      'failed to parse build-arg:BUILDKIT_DOCKERFILE_CHECK: invalid check option "x"',
    ],
  ])("%j", async (options, message) => {
    expect((await failureOf(text, options)).message).toBe(message);
  });
});

describe("other frontends", () => {
  it.each([
    "docker/dockerfile:1",
    "docker/dockerfile:1.7-labs",
    "docker.io/docker/dockerfile-upstream:master",
    "docker/dockerfile@sha256:" + "a".repeat(64),
  ])("%s is built in", async (image) => {
    await expect(failureOf(`# syntax=${image}\nFROM busybox`)).rejects.toThrow("built");
  });

  it.each([
    ["# syntax=mine/frontend:1\nFROM busybox", 1],
    ["#!/bin/x\n# syntax = mine/frontend:1 --x\n", 2],
    ["// syntax=mine/frontend:1\n", 1],
    ['{"syntax": "mine/frontend:1"}', 1],
  ])("are refused: %j", async (text, line) => {
    const error = await failureOf(text);
    expect(error.kind).toBe("NotImplemented");
    expect(error.message).toBe(
      'frontend image "mine/frontend:1" is not implemented: only docker/dockerfile is built in',
    );
    expect(linesOf(error)).toEqual([[line]]);
  });

  it("are refused by argument too", async () => {
    const error = await failureOf("FROM busybox", { "build-arg:BUILDKIT_SYNTAX": "mine/frontend x" });
    expect(error.message).toMatch(
      /^failed with build-arg:BUILDKIT_SYNTAX = mine\/frontend x: frontend image/,
    );
  });
});

describe("what grows without bound is refused", () => {
  it.each<[string, string]>([
    ["doubling variables", `FROM scratch\nENV a=xxxxxxxxxx\n${"ENV a=$a$a\n".repeat(40)}`],
    [
      "variables for each command",
      `FROM busybox\n${"ENV a{}=1\nRUN x\n".repeat(4000).replace(/\{\}/g, () => String(Math.random()).slice(2))}`,
    ],
    ["history", `FROM busybox\nARG a=${"x".repeat(1_000_000)}\n${"RUN x\n".repeat(100)}`],
    ["instructions", `FROM busybox\n${"USER x\n".repeat(10_001)}`],
  ])("%s", async (_, text) => {
    const error = await failureOf(text);
    expect(["ResourceExhausted", "InvalidArgument"]).toContain(error.kind);
    expect(error.message).toMatch(/too (?:many|long|large)|more than/);
  });
});
