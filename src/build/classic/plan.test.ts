// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../formats/index.ts";
import { isSignal } from "../stop-signal.ts";
import { applyChanges } from "./apply-changes.ts";
import { GlobalArgs, StageArgs } from "./build-args.ts";
import { OrderedOutput } from "./ordered-output.ts";
import { planBuild } from "./plan.ts";
import { parsePorts } from "./port-specs.ts";

const plan = (text: string, options: { target?: string; args?: Record<string, string> } = {}) =>
  planBuild(
    parseDockerfile(text),
    new GlobalArgs(options.args ?? {}, { TARGETARCH: "amd64" }),
    options.target,
    0,
  );

describe("plan", () => {
  const text = `ARG V=1
FROM a:$V AS base
RUN x
FROM base AS left
RUN y
FROM base AS right
RUN z
FROM other AS unused
RUN w
FROM scratch
COPY --from=left /a /
COPY --from=2 /b /
COPY --from=busybox /c /`;

  it("holds what the target needs, in order, and numbers the steps", () => {
    const { stages, totalSteps } = plan(text, { args: { V: "2" } });
    expect(stages.map(({ index, needs, firstStep }) => ({ index, needs, firstStep }))).toEqual([
      { index: 0, needs: [], firstStep: 2 },
      { index: 1, needs: [0], firstStep: 4 },
      { index: 2, needs: [0], firstStep: 6 },
      { index: 4, needs: [1, 2], firstStep: 8 },
    ]);
    expect(totalSteps).toBe(11);
    expect(stages[0]!.base).toEqual({ kind: "image", reference: "a:2" });
  });

  it("stops at the target", () => {
    expect(plan(text, { target: "Left" }).stages.map(({ index }) => index)).toEqual([0, 1]);
    expect(plan(text, { target: "0" }).stages.map(({ index }) => index)).toEqual([0]);
    expect(() => plan(text, { target: "nope" })).toThrow("failed to reach build target nope in Dockerfile");
  });

  it.each([
    ["FROM a AS x\nFROM b AS x", "x stage name already used"],
    ["ARG V\nFROM $V", "base name ($V) should not be blank"],
    ["FROM a\nCOPY --from=0 /a /", "invalid from flag value 0: refers to current build stage"],
  ])("refuses %j", (dockerfile, message) => {
    expect(() => plan(dockerfile)).toThrow(message);
  });
});

describe("build arguments", () => {
  it("come from the client, the ARG, the ARG before FROM, and the defaults, in this order", () => {
    const global = new GlobalArgs({ given: "client", none: null }, { TARGETARCH: "amd64" });
    global.declareMeta("meta", "m");
    const args = new StageArgs(global);
    args.declare("given", "own");
    args.declare("own", "o");
    args.declare("meta", undefined);
    args.declare("TARGETARCH", undefined);
    args.declare("none", undefined);
    expect(args.effective(["own=env"])).toEqual(["TARGETARCH=amd64", "given=client", "meta=m"]);
    expect(args.variables(["own=env"]).get("own")).toBe("env");
  });

  it("tell which were not used", () => {
    const global = new GlobalArgs({ a: "1", b: "2", HTTP_PROXY: "p" }, {});
    new StageArgs(global).declare("a", undefined);
    expect(global.unused()).toEqual(["b"]);
    expect(new StageArgs(global).predefined([])).toEqual(["HTTP_PROXY=p"]);
  });
});

describe("output of stages that run side by side", () => {
  it("comes in the order of the stages", () => {
    let told = "";
    const ordered = new OrderedOutput(
      {
        text: (text) => {
          told += text;
        },
        progress: () => {},
        image: () => {},
      },
      3,
    );
    ordered.part(1).text("b");
    ordered.part(0).text("a");
    ordered.part(2).text("c");
    expect(told).toBe("a");
    ordered.finish(1);
    expect(told).toBe("a");
    ordered.finish(0);
    expect(told).toBe("abc");
  });
});

describe("changes", () => {
  it("are applied to a configuration", () => {
    expect(
      applyChanges({ Env: ["A=1"], Cmd: ["x"] }, [
        "ENV B=${A}2",
        'ENTRYPOINT ["e"]',
        "EXPOSE 80",
        "WORKDIR /w",
        "USER u",
      ]),
    ).toEqual({
      Env: ["A=1", "B=12"],
      Cmd: null,
      Entrypoint: ["e"],
      ExposedPorts: { "80/tcp": {} },
      WorkingDir: "/w",
      User: "u",
    });
    expect(() => applyChanges({}, ["RUN x"])).toThrow("RUN is not a valid change command");
  });
});

it("reads ports", () => {
  expect(parsePorts(["80", "7000-7002/udp", "8080:81", "80/tcp"])).toEqual([
    "7000/udp",
    "7001/udp",
    "7002/udp",
    "80/tcp",
    "81/tcp",
  ]);
  for (const bad of ["x", "80/abc", "9-8", "70000", "", "1/tcp/udp"])
    expect(() => parsePorts([bad])).toThrow();
});

it("knows signals", () => {
  expect(["SIGTERM", "term", "9", "RTMIN+3", "SIGRTMAX"].every(isSignal)).toBe(true);
  expect(["", "0", "65", "SIGNOPE", "RTMIN+99"].some(isSignal)).toBe(false);
});
