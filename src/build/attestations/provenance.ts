import { type Clock, newHexId } from "../../base/index.ts";
import { type Platform, platformId } from "../../formats/index.ts";
import type { Definition } from "../llb/index.ts";
import type { SolvedOperation } from "../solver/types.ts";
import { buildConfigOf } from "./build-config.ts";
import { type Capture, captureOf, type Material } from "./materials.ts";
import { withoutSecretArguments, withoutUserInfo } from "./redaction.ts";
import type { Attestation } from "./types.ts";

export interface ProvenanceRequest {
  /** `mode`, `version`, `builder-id`, `reproducible`, `inline-only`, `filename`. */
  wishes: Readonly<Record<string, string>>;
  /** Of the frontend; empty for a definition that was sent as it is. */
  frontend: string;
  options: Readonly<Record<string, string>>;
  operations: readonly SolvedOperation[];
  definition: Pick<Definition, "source">;
  /** Of the builder. */
  platform: Platform;
  startedMs: number;
  clock: Clock;
}

/** How a build was made, as SLSA's provenance (v0.2, or v1 where that is asked for). */
export function provenanceOf(request: ProvenanceRequest): Attestation {
  const { wishes, clock } = request;
  const isV1 = wishes.version === "v1";
  const invocationId = newHexId().slice(0, 25);
  return {
    predicateType: isV1 ? "https://slsa.dev/provenance/v1" : "https://slsa.dev/provenance/v0.2",
    isInlineOnly: wishes["inline-only"] === "true",
    fileName: wishes.filename || "provenance.json",
    predicate: async () => {
      const facts = factsOf(request, invocationId, clock.nowMs());
      return withoutSecretArguments(isV1 ? predicateV1(facts) : predicateV02(facts), request.options);
    },
  };
}

interface Facts {
  builderId: string;
  capture: Capture;
  configSource: { uri?: string; digest?: Record<string, string>; path?: string };
  parameters: object;
  isRequestComplete: boolean;
  platform: string;
  invocationId: string;
  started: string;
  finished: string;
  isReproducible: boolean;
  isHermetic: boolean;
  buildConfig: object | undefined;
  /** What only BuildKit tells. */
  more: object;
}

const HOST_OPTIONS = ["cgroup-parent", "image-resolve-mode", "platform", "cache-imports", "cache-from"];

function factsOf(request: ProvenanceRequest, invocationId: string, finishedMs: number): Facts {
  const { wishes, frontend, options, operations, definition, platform, startedMs } = request;
  const isMax = wishes.mode !== "min";
  const capture = captureOf(operations, platform);
  const { configSource, args, vcs } = readOptions(options, capture.materials);
  const told = Object.entries(args).filter(([key]) => isMax || !/^(?:build-arg|label):/.test(key));
  const config = isMax ? buildConfigOf(operations, definition) : undefined;
  return {
    builderId: wishes["builder-id"] ?? "",
    capture,
    configSource,
    parameters: {
      ...(frontend === "" ? {} : { frontend }),
      ...(told.length > 0 ? { args: Object.fromEntries(told) } : {}),
      ...(isMax && capture.secrets.length > 0 ? { secrets: capture.secrets } : {}),
      ...(isMax && capture.ssh.length > 0 ? { ssh: capture.ssh } : {}),
      ...(capture.locals.length > 0 ? { locals: capture.locals.map((name) => ({ name })) } : {}),
    },
    isRequestComplete: frontend !== "" && told.length === Object.keys(args).length,
    platform: platformId(platform),
    invocationId,
    started: new Date(startedMs).toISOString(),
    finished: new Date(finishedMs).toISOString(),
    isReproducible: wishes.reproducible === "true",
    isHermetic: !capture.isIncomplete && !capture.usesNetwork,
    buildConfig: config?.buildConfig,
    more: {
      ...(Object.keys(vcs).length > 0 ? { vcs } : {}),
      ...(config?.source ? { source: config.source } : {}),
    },
  };
}

/** The frontend's options: which of them name the build's files, which are told as they are, which tell of its repository. */
function readOptions(options: Readonly<Record<string, string>>, materials: readonly Material[]) {
  const args: Record<string, string> = {};
  const vcs: Record<string, string> = {};
  const configSource: Facts["configSource"] = {};
  const contextKey = options.contextkey || (options["input:context"] ? "input:context" : "context");
  for (const [key, value] of Object.entries(options)) {
    if (HOST_OPTIONS.includes(key) || key.startsWith("attest:")) continue;
    if (key === "filename" && value !== "") configSource.path = value;
    else if (key === contextKey && value !== "") configSource.uri = withoutUserInfo(value);
    else if (key.startsWith("vcs:")) {
      if (value !== "") vcs[key.slice("vcs:".length)] = withoutUserInfo(value);
    } else args[key] = key.startsWith("context:") ? withoutUserInfo(value) : value;
  }
  const material = materials.find(({ uri }) => uri === configSource.uri);
  if (material?.digest) configSource.digest = material.digest;
  return { args, vcs, configSource };
}

function predicateV02(facts: Facts): object {
  const { capture, configSource, parameters, more } = facts;
  const { path, ...config } = configSource;
  return {
    builder: { id: facts.builderId },
    buildType: "https://mobyproject.org/buildkit@v1",
    ...(capture.materials.length > 0 ? { materials: capture.materials } : {}),
    invocation: {
      configSource: { ...config, ...(path === undefined ? {} : { entryPoint: path }) },
      parameters,
      environment: { platform: facts.platform },
    },
    ...(facts.buildConfig ? { buildConfig: facts.buildConfig } : {}),
    metadata: {
      buildInvocationID: facts.invocationId,
      buildStartedOn: facts.started,
      buildFinishedOn: facts.finished,
      completeness: {
        parameters: facts.isRequestComplete,
        environment: true,
        materials: !capture.isIncomplete,
      },
      reproducible: facts.isReproducible,
      "https://mobyproject.org/buildkit@v1#metadata": more,
      ...(facts.isHermetic ? { "https://mobyproject.org/buildkit@v1#hermetic": true } : {}),
    },
  };
}

function predicateV1(facts: Facts): object {
  const { capture, configSource, parameters, more } = facts;
  return {
    buildDefinition: {
      buildType: "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
      ...(capture.materials.length > 0 ? { resolvedDependencies: capture.materials } : {}),
      externalParameters: { configSource, request: parameters },
      internalParameters: {
        ...(facts.buildConfig ? { buildConfig: facts.buildConfig } : {}),
        builderPlatform: facts.platform,
      },
    },
    runDetails: {
      builder: { id: facts.builderId },
      metadata: {
        invocationId: facts.invocationId,
        startedOn: facts.started,
        finishedOn: facts.finished,
        buildkit_metadata: more,
        ...(facts.isHermetic ? { buildkit_hermetic: true } : {}),
        buildkit_completeness: {
          request: facts.isRequestComplete,
          resolvedDependencies: !capture.isIncomplete,
        },
        ...(facts.isReproducible ? { buildkit_reproducible: true } : {}),
      },
    },
  };
}
