// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import { describe, expect, it } from "vitest";
import { buildDockerfile, failureOf } from "../fake-host.test-support.ts";
import { parseLintOptions } from "./linter.ts";
import { LINT_RULES } from "./rules.ts";

const IMAGES = { "busybox:latest": {}, "arm:latest": { architecture: "arm64" }, "scratch:latest": {} };

async function warningsOf(text: string, options: Record<string, string> = {}, ignore?: string) {
  const sources: Record<string, Record<string, string>> = {
    "local://dockerfile": { Dockerfile: text },
    "local://context": ignore === undefined ? {} : { ".dockerignore": ignore },
  };
  const { host } = await buildDockerfile(sources, options, IMAGES);
  return host.warnings.map(({ short }) => short);
}

/** Each rule: what it says of a Dockerfile, and one that it has nothing to say of. */
const CASES: [
  rule: keyof typeof LINT_RULES,
  bad: string,
  messages: string[],
  good: string,
  ignore?: string,
][] = [
  [
    "StageNameCasing",
    "FROM busybox AS Ab",
    ["Stage name 'Ab' should be lowercase (line 1)"],
    "FROM busybox AS ab",
  ],
  [
    "FromAsCasing",
    "FROM busybox as a",
    ["'as' and 'FROM' keywords' casing do not match (line 1)"],
    "from busybox as a\nrun x",
  ],
  [
    "NoEmptyContinuation",
    "FROM busybox\nRUN a \\\n\n b",
    ["Empty continuation line (line 4)"],
    "FROM busybox\nRUN a \\\n b",
  ],
  [
    "ConsistentInstructionCasing",
    "FROM busybox\nrun a\nRun b",
    [
      "Command 'run' should match the case of the command majority (uppercase) (line 2)",
      "Command 'Run' should match the case of the command majority (uppercase) (line 3)",
    ],
    "from busybox\nrun a",
  ],
  [
    "DuplicateStageName",
    "FROM busybox AS a\nFROM busybox AS a",
    ['Duplicate stage name "a", stage names should be unique (line 2)'],
    "FROM busybox AS a\nFROM busybox AS b",
  ],
  [
    "ReservedStageName",
    "FROM busybox AS context",
    ['Stage name should not use the same name as reserved stage "context" (line 1)'],
    "FROM busybox AS contexts",
  ],
  [
    "JSONArgsRecommended",
    "FROM busybox\nENTRYPOINT x\nCMD y",
    [
      "JSON arguments recommended for ENTRYPOINT to prevent unintended behavior related to OS signals (line 2)",
      "JSON arguments recommended for CMD to prevent unintended behavior related to OS signals (line 3)",
    ],
    'FROM busybox\nSHELL ["a"]\nENTRYPOINT x\nCMD ["y"]',
  ],
  [
    "MaintainerDeprecated",
    "FROM busybox\nMAINTAINER x",
    ["Maintainer instruction is deprecated in favor of using label (line 2)"],
    "FROM busybox\nLABEL maintainer=x",
  ],
  [
    "UndefinedArgInFrom",
    "ARG TAG=latest\nFROM busybox:${TAGS:-latest}",
    ["FROM argument 'TAGS' is not declared (did you mean TAG?) (line 2)"],
    "ARG TAG=latest\nFROM busybox:$TAG",
  ],
  [
    "WorkdirRelativePath",
    "FROM busybox\nWORKDIR a\nWORKDIR b",
    ['Relative workdir "a" can have unexpected results if the base image changes (line 2)'],
    "FROM busybox\nWORKDIR /a\nWORKDIR b",
  ],
  [
    "UndefinedVar",
    "FROM busybox\nENV NAME=1\nCOPY $NAM /\nRUN $x",
    ["Usage of undefined variable '$NAM' (did you mean $NAME?) (line 3)"],
    "FROM busybox\nARG A\nCOPY $A/x /",
  ],
  [
    "MultipleInstructionsDisallowed",
    'FROM busybox\nCMD ["a"]\nCMD ["b"]\nHEALTHCHECK NONE\nHEALTHCHECK NONE',
    [
      "Multiple CMD instructions should not be used in the same stage because only the last one will be used (line 2)",
      "Multiple HEALTHCHECK instructions should not be used in the same stage because only the last one will be used (line 4)",
    ],
    'FROM busybox AS a\nCMD ["a"]\nFROM a\nCMD ["b"]',
  ],
  [
    "LegacyKeyValueFormat",
    "FROM busybox\nENV a b\nLABEL c d e",
    [
      '"ENV key=value" should be used instead of legacy "ENV key value" format (line 2)',
      '"LABEL key=value" should be used instead of legacy "LABEL key value" format (line 3)',
    ],
    "FROM busybox\nENV a=b",
  ],
  [
    "InvalidBaseImagePlatform",
    "FROM --platform=$BUILDPLATFORM arm",
    [
      'Base image arm was pulled with platform "linux/arm64", expected "linux/amd64" for current build (line 1)',
    ],
    "FROM busybox",
  ],
  [
    "RedundantTargetPlatform",
    "FROM --platform=$TARGETPLATFORM busybox",
    [
      "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior (line 1)",
    ],
    "FROM --platform=$BUILDPLATFORM busybox",
  ],
  [
    "SecretsUsedInArgOrEnv",
    "FROM busybox\nARG API_TOKEN\nENV password=x",
    [
      'Do not use ARG or ENV instructions for sensitive data (ARG "API_TOKEN") (line 2)',
      'Do not use ARG or ENV instructions for sensitive data (ENV "password") (line 3)',
    ],
    "FROM busybox\nARG PUBLIC_KEY TOKEN_FILE KEYS",
  ],
  [
    "InvalidDefaultArgInFrom",
    "ARG V\nFROM busybox:$V",
    ["Default value for ARG busybox:$V results in empty or invalid base image name (line 2)"],
    "ARG V=latest\nFROM busybox:$V",
  ],
  [
    "FromPlatformFlagConstDisallowed",
    "FROM --platform=linux/amd64 busybox AS x",
    ['FROM --platform flag should not use constant value "linux/amd64" (line 1)'],
    "FROM --platform=linux/amd64 busybox AS build-amd64",
  ],
  [
    "CopyIgnoredFile",
    "FROM busybox\nCOPY a/b.log /\nADD x.log y /",
    [
      'Attempting to Copy file "a/b.log" that is excluded by .dockerignore (line 2)',
      'Attempting to Add file "x.log" that is excluded by .dockerignore (line 3)',
    ],
    "FROM busybox\nCOPY . /\nCOPY a.txt /",
    "**/*.log\n",
  ],
  [
    "InvalidDefinitionDescription",
    "# check=experimental=all\n# bar the thing\nARG foo=1\n# what\nFROM busybox AS a",
    [
      "Comment for ARG should follow the format: `# foo <description>` (line 3)",
      "Comment for FROM should follow the format: `# a <description>` (line 5)",
    ],
    "# check=experimental=all\n# foo the thing\nARG foo=1\n# something\n#\nFROM busybox AS a",
  ],
  [
    "ExposeProtoCasing",
    "FROM busybox\nEXPOSE 80/TCP",
    ["Defined protocol '80/TCP' in EXPOSE instruction should be lowercase (line 2)"],
    "FROM busybox\nEXPOSE 80/tcp",
  ],
  [
    "ExposeInvalidFormat",
    "FROM busybox\nEXPOSE 127.0.0.1:80:81",
    [
      "EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:81' (line 2)",
    ],
    "FROM busybox\nEXPOSE 81",
  ],
];

describe("lint", () => {
  it("has a case for every rule", () => {
    expect(new Set(CASES.map(([rule]) => rule))).toEqual(new Set(Object.keys(LINT_RULES)));
  });

  it.each(CASES)("%s", async (rule, bad, messages, good, ignore) => {
    const options: Record<string, string> =
      rule === "InvalidDefaultArgInFrom" ? { "build-arg:V": "latest" } : {};
    expect(await warningsOf(bad, options, ignore)).toEqual(messages.map((message) => `${rule}: ${message}`));
    expect(await warningsOf(good, options, ignore)).toEqual([]);
  });

  it("tells page, description, file and lines", async () => {
    const { host } = await buildDockerfile("FROM busybox\nMAINTAINER \\\n x");
    expect(host.warnings).toMatchObject([
      {
        level: 1,
        detail: ["The MAINTAINER instruction is deprecated, use a label instead to define an image author"],
        url: "https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/",
        info: { filename: "Dockerfile", language: "Dockerfile" },
        ranges: [
          { start: { line: 2, character: 0 }, end: { line: 2, character: 0 } },
          { start: { line: 3, character: 0 }, end: { line: 3, character: 0 } },
        ],
      },
    ]);
    expect(host.warnings[0]!.vertex).toBe(host.solved[0]![0]!.digest);
  });

  it.each([
    ["by the directive", "# check=skip=MaintainerDeprecated\nFROM busybox\nMAINTAINER x", {}],
    ["all by the directive", "# check=skip=all\nFROM busybox\nMAINTAINER x", {}],
    ["by a comment above", "FROM busybox\n# check=skip=MaintainerDeprecated\nMAINTAINER x", {}],
    [
      "by the client, whose word counts alone",
      "# check=error=true\nFROM busybox\nMAINTAINER x",
      { "build-arg:BUILDKIT_DOCKERFILE_CHECK": "skip=JSONArgsRecommended,MaintainerDeprecated" },
    ],
  ])("skips rules %s", async (_, text, options) => {
    expect(await warningsOf(text, options)).toEqual([]);
  });

  it("tells what is wrong once for all platforms", async () => {
    const text = "FROM busybox\nMAINTAINER x";
    expect(await warningsOf(text, { platform: "linux/amd64,linux/arm64" })).toHaveLength(1);
  });

  it("fails the build where that is asked for", async () => {
    const { message } = await failureOf("# check=error=true\nFROM busybox\nMAINTAINER x\nCMD y");
    expect(message).toBe("lint violation found for rules: MaintainerDeprecated, JSONArgsRecommended");
  });
});

describe("check options", () => {
  it.each([
    ["skip=A, B;error=true", { skip: ["A", "B"], errorOnWarning: true }],
    ["experimental=all", { experimentalAll: true }],
    ["", { skip: [], errorOnWarning: false }],
  ])("%j", (text, expected) => {
    expect(parseLintOptions(text)).toMatchObject(expected);
  });

  it.each([
    ["x", 'invalid check option "x"'],
    ["x=1", 'invalid check option "x"'],
    [
      "error=maybe",
      'failed to parse check option "error=maybe": strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
  ])("refuses %j", (text, message) => {
    expect(() => parseLintOptions(text)).toThrow(message);
  });
});
