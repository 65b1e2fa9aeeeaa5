import { describe, expect, it } from "vitest";
import { buildDockerfile } from "../fake-host.test-support.ts";

async function ask(request: string, text: string, options: Record<string, string> = {}) {
  const { result, host } = await buildDockerfile(text, { requestid: `frontend.${request}`, ...options });
  expect(result.outputs).toEqual([]);
  const answer = Object.fromEntries(
    Object.entries(result.metadata).map(([key, value]) => [key, String(value)]),
  );
  return { answer, json: JSON.parse(answer["result.json"]!), text: answer["result.txt"]!, host };
}

describe("frontend.lint", () => {
  const dockerfile = "FROM busybox AS one\nRUN a\nFROM busybox AS two\nMAINTAINER x\nCMD \\\n  y\nRUN last";

  it("looks at all stages, and prints lines with some around them", async () => {
    const { answer, json, text, host } = await ask("lint", dockerfile);
    expect(json).toEqual({
      warnings: [
        {
          ruleName: "MaintainerDeprecated",
          description:
            "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
          url: "https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/",
          detail: "Maintainer instruction is deprecated in favor of using label",
          location: { ranges: [{ start: { line: 4 }, end: { line: 4 } }] },
        },
        {
          ruleName: "JSONArgsRecommended",
          description:
            "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals",
          url: "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/",
          detail: "JSON arguments recommended for CMD to prevent unintended behavior related to OS signals",
          location: {
            ranges: [
              { start: { line: 5 }, end: { line: 5 } },
              { start: { line: 6 }, end: { line: 6 } },
            ],
          },
        },
      ],
      sources: [
        { filename: "Dockerfile", language: "Dockerfile", data: Buffer.from(dockerfile).toString("base64") },
      ],
    });
    expect(text).toBe(`
WARNING: MaintainerDeprecated - https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/
Maintainer instruction is deprecated in favor of using label
Dockerfile:4
--------------------
   2 |     RUN a
   3 |     FROM busybox AS two
   4 | >>> MAINTAINER x
   5 |     CMD \\
   6 |       y
--------------------

WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/
JSON arguments recommended for CMD to prevent unintended behavior related to OS signals
Dockerfile:5
--------------------
   4 |     MAINTAINER x
   5 | >>> CMD \\
   6 | >>>   y
   7 |     RUN last
--------------------
`);
    expect(answer["result.statuscode"]).toBe("1");
    expect(answer.version).toBe("1.0.0");
    expect(host.warnings).toEqual([]);
  });

  it("finds nothing", async () => {
    const { answer, json, text } = await ask("lint", "FROM busybox");
    expect([json.warnings, json.buildError, text, answer["result.statuscode"]]).toEqual([
      null,
      undefined,
      "",
      "0",
    ]);
  });

  it("tells why a Dockerfile cannot be built, after what it found before that", async () => {
    const { answer, json } = await ask("lint", "FROM busybox\nMAINTAINER x\nCOPY a \\\n --b");
    expect(json.warnings).toHaveLength(1);
    expect(json.buildError).toBeUndefined();
    const bad = await ask("lint", "FROM busybox\nMAINTAINER x\nCOPY \\\n a");
    expect(bad.json.warnings).toHaveLength(1);
    expect(bad.json.buildError).toEqual({
      message:
        "dockerfile parse error on line 3: COPY requires at least two arguments, but only one was provided. Destination could not be determined",
      location: {
        ranges: [
          { start: { line: 3 }, end: { line: 3 } },
          { start: { line: 4 }, end: { line: 4 } },
        ],
      },
    });
    expect([answer, bad.answer].map((one) => one["result.statuscode"])).toEqual(["1", "1"]);
  });

  it("escapes its JSON as Go does", async () => {
    const { answer } = await ask("lint", "FROM busybox\nRUN a && b\nENV A <b>");
    expect(answer["result.json"]).not.toMatch(/[<>&]/);
  });
});

describe("frontend.outline", () => {
  const dockerfile = [
    "# VERSION of the thing",
    "ARG VERSION=1",
    "ARG UNUSED",
    "FROM busybox:latest AS base",
    "ARG VERSION",
    "# build makes it",
    "FROM base AS build",
    "ARG OPT=x$VERSION",
    "RUN --mount=type=secret,id=tok,required --mount=type=ssh x",
  ].join("\n");

  it("tells arguments, secrets and agents of the target and what it needs", async () => {
    const { json, text } = await ask("outline", dockerfile);
    expect(json).toMatchObject({
      name: "build",
      description: "makes it",
      args: [
        {
          name: "VERSION",
          description: "of the thing",
          value: "1",
          location: { ranges: [{ start: { line: 2 } }] },
        },
        { name: "OPT", value: "x1", location: { ranges: [{ start: { line: 8 } }] } },
      ],
      secrets: [{ name: "tok", required: true }],
      ssh: [{ name: "default" }],
    });
    expect(text).toBe(`TARGET:      build
DESCRIPTION: makes it

BUILD ARG   VALUE   DESCRIPTION
VERSION     1       of the thing
OPT         x1      

SECRET   REQUIRED
tok      true

SSH       REQUIRED
default   

`);
  });

  it("is of another target where that is asked for", async () => {
    const { json } = await ask("outline", dockerfile, { target: "base" });
    expect(json.args.map(({ name }: { name: string }) => name)).toEqual(["VERSION"]);
  });
});

describe("frontend.targets", () => {
  it("lists the stages", async () => {
    const { json, text } = await ask(
      "targets",
      "# a the first\nFROM busybox AS a\nFROM --platform=linux/amd64 a AS longer\nFROM scratch",
    );
    expect(json.targets).toEqual([
      {
        name: "a",
        description: "the first",
        base: "busybox",
        location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
      },
      { name: "longer", base: "a", platform: "linux/amd64", location: expect.anything() },
      { default: true, base: "scratch", location: expect.anything() },
    ]);
    expect(text).toBe("TARGET    DESCRIPTION\na         the first\nlonger    \n(default) \n");
  });
});

describe("frontend.subrequests.describe", () => {
  it("tells what can be asked, without a Dockerfile", async () => {
    const { json, text, host } = await ask("subrequests.describe", "");
    expect(json).toHaveLength(3);
    expect(json[0]).toEqual({
      name: "frontend.outline",
      version: "1.0.0",
      type: "rpc",
      description: "List all parameters current build target supports",
      opts: [{ name: "target", description: "Target build stage" }],
      inputs: null,
      metadata: [
        { name: "result.json", description: "" },
        { name: "result.txt", description: "" },
      ],
      refs: null,
    });
    expect(text).toBe(`NAME                 VERSION DESCRIPTION
outline              1.0.0   List all parameters current build target supports
targets              1.0.0   List all targets current build supports
subrequests.describe 1.0.0   List available subrequest types
`);
    expect(host.solved).toEqual([]);
  });
});
