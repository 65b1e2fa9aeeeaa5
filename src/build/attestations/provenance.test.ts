import { describe, expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { protobuf } from "../../formats/index.ts";
import { messages } from "../llb/index.ts";
import type { SolvedOperation } from "../solver/types.ts";
import { attestationWishes } from "./attestation-wishes.ts";
import { provenanceOf } from "./provenance.ts";

const LINUX = { os: "linux", architecture: "amd64" };
const DIGEST = `sha256:${"a".repeat(64)}`;

function operation(digest: string, op: protobuf.Outgoing<typeof messages.Op>, pin?: string): SolvedOperation {
  return { digest, op: protobuf.decode(messages.Op, protobuf.encode(messages.Op, op)), pin };
}

const OPERATIONS = [
  operation("d1", {
    source: { identifier: `docker-image://docker.io/library/busybox:1@${DIGEST}` },
    platform: LINUX,
  }),
  operation("d2", {
    source: { identifier: "local://context", attrs: { "local.session": "s1", "local.unique": "u1" } },
  }),
  operation(
    "d3",
    {
      source: {
        identifier: "git://example.com/a#v1",
        attrs: { "git.fullurl": "https://me:pw@example.com/a" },
      },
    },
    "b".repeat(40),
  ),
  operation("d4", {
    inputs: [{ digest: "d1" }],
    exec: {
      meta: { args: ["make"], env: ["API_TOKEN=hunter22", "V=1"], cwd: "/" },
      mounts: [
        { dest: "/", input: 0 },
        { dest: "/s", input: -1, mountType: 4, secret: { id: "password" } },
        { dest: "/a", input: -1, mountType: 5, ssh: { id: "", optional: true } },
      ],
    },
  }),
];

async function predicate(wishes: Record<string, string>, options: Record<string, string> = {}) {
  const attestation = provenanceOf({
    wishes,
    frontend: "dockerfile.v0",
    options: { filename: "Dockerfile", ...options },
    operations: OPERATIONS,
    definition: {
      source: {
        locations: {
          d4: {
            locations: [{ sourceIndex: 0, ranges: [{ start: { line: 2, character: 0 }, end: undefined }] }],
          },
        },
        infos: [{ filename: "Dockerfile", data: Buffer.from("FROM busybox"), language: "Dockerfile" }],
      },
    },
    platform: LINUX,
    startedMs: 0,
    clock: systemClock,
  });
  // biome-ignore lint/suspicious/noExplicitAny: documents of many shapes
  return { ...attestation, document: JSON.parse(JSON.stringify(await attestation.predicate())) as any };
}

describe("provenance", () => {
  const options = {
    "build-arg:V": "1",
    "build-arg:API_TOKEN": "hunter22",
    "label:l": "x",
    target: "last",
    "vcs:source": "https://me:pw@example.com/r",
    "vcs:other": "https://ghp1@example.com/r",
    "attest:provenance": "mode=min",
  };

  it("tells what went in, and of mode=min no arguments", async () => {
    const { predicateType, document } = await predicate({ mode: "min" }, options);
    expect(predicateType).toBe("https://slsa.dev/provenance/v0.2");
    expect(document).toMatchObject({
      buildType: "https://mobyproject.org/buildkit@v1",
      materials: [
        { uri: "https://xxxxx:xxxxx@example.com/a#v1", digest: { sha1: "b".repeat(40) } },
        { uri: "pkg:docker/busybox@1?platform=linux%2Famd64", digest: { sha256: "a".repeat(64) } },
      ],
      invocation: {
        configSource: { entryPoint: "Dockerfile" },
        parameters: { frontend: "dockerfile.v0", args: { target: "last" }, locals: [{ name: "context" }] },
        environment: { platform: "linux/amd64" },
      },
      metadata: {
        buildStartedOn: "1970-01-01T00:00:00.000Z",
        completeness: { parameters: false, environment: true, materials: false },
        "https://mobyproject.org/buildkit@v1#metadata": {
          vcs: { source: "https://xxxxx:xxxxx@example.com/r" },
        },
      },
    });
    expect(document.buildConfig).toBeUndefined();
    expect(JSON.stringify(document)).not.toMatch(/hunter22|pw@|ghp1|password|"s1"/);
  });

  it("tells of mode=max arguments, operations and sources, and no secret", async () => {
    const { document } = await predicate({ mode: "max" }, options);
    expect(document.invocation.parameters).toMatchObject({
      args: { "build-arg:V": "1", "build-arg:API_TOKEN": "xxxxx", "label:l": "x" },
      secrets: [{ id: "password" }],
      ssh: [{ id: "default", optional: true }],
    });
    expect(document.metadata.completeness.parameters).toBe(true);
    expect(document.buildConfig.llbDefinition[3]).toMatchObject({
      id: "step3",
      inputs: ["step0:0"],
      op: { Op: { exec: { meta: { args: ["make"], env: ["API_TOKEN=xxxxx", "V=1"] } } } },
    });
    expect(document.buildConfig.digestMapping).toMatchObject({ d1: "step0", d4: "step3" });
    const { source } = document.metadata["https://mobyproject.org/buildkit@v1#metadata"];
    expect(source.infos[0]).toMatchObject({ filename: "Dockerfile", data: "RlJPTSBidXN5Ym94" });
    expect(Object.keys(source.locations)).toEqual(["step3"]);
    expect(JSON.stringify(document)).not.toMatch(/hunter22|pw@|local\.session/);
  });

  it("has the form of SLSA v1 where that is asked for", async () => {
    const { predicateType, document } = await predicate({ mode: "min", version: "v1", "builder-id": "me" });
    expect(predicateType).toBe("https://slsa.dev/provenance/v1");
    expect(document).toMatchObject({
      buildDefinition: {
        resolvedDependencies: [{}, { uri: "pkg:docker/busybox@1?platform=linux%2Famd64" }],
        externalParameters: { configSource: { path: "Dockerfile" }, request: { frontend: "dockerfile.v0" } },
        internalParameters: { builderPlatform: "linux/amd64" },
      },
      runDetails: { builder: { id: "me" }, metadata: { buildkit_completeness: { request: true } } },
    });
  });
});

describe("attestations that a client asks for", () => {
  it.each([
    [{}, {}],
    [
      { "attest:provenance": "mode=min,inline-only=true" },
      { provenance: { mode: "min", "inline-only": "true" } },
    ],
    [{ "attest:provenance": "disabled=true" }, {}],
    [{ "attest:provenance": "false" }, {}],
    [{ "attest:sbom": "" }, { sbom: {} }],
    [{ "build-arg:BUILDKIT_ATTEST_SBOM": "generator=docker/buildkit-syft-scanner:stable-1" }, { sbom: {} }],
  ])("%j", (options, wishes) => {
    expect(attestationWishes(options as Record<string, string>)).toMatchObject(wishes);
    expect(Object.keys(attestationWishes(options as Record<string, string>))).toEqual(Object.keys(wishes));
  });

  it.each([
    [{ "attest:other": "" }, 'unknown attestation type "other"'],
    [{ "attest:provenance": "mode=all" }, 'invalid mode "all"'],
    [{ "attest:provenance": "version=v9" }, "invalid provenance SLSA version: v9"],
    [{ "attest:sbom": "generator=my/scanner" }, "SBOM generator my/scanner is not supported"],
  ])("refuses %j", (options, message) => {
    expect(() => attestationWishes(options as Record<string, string>)).toThrow(message);
  });
});
