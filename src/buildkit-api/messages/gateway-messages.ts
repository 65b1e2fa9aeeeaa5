import { llb as lowLevelBuild } from "../../build/index.ts";
import { protobuf } from "../../formats/index.ts";
import { Empty, GrpcStatus } from "./common-messages.ts";
import { WorkerRecord } from "./control-messages.ts";
import { Stat } from "./session-messages.ts";

const llb = lowLevelBuild.messages;
const { bool, bytes, int64, many, manyBytes, map, message, one, text } = protobuf;

// moby/buildkit, frontend/gateway/pb/gateway.proto.

export const Ref = message({ id: text(1), def: one(2, llb.Definition) });

/** Of the first four one is there. */
export const Result = message({
  refDeprecated: text(1),
  refsDeprecated: one(2, message({ refs: map(1, text(2)) })),
  ref: one(3, Ref),
  refs: one(4, message({ refs: map(1, one(2, Ref)) })),
  metadata: map(10, bytes(2)),
  attestations: map(12, one(2, Empty)),
});

const BRIDGE = "/moby.buildkit.v1.frontend.LLBBridge";
const Cap = message({ id: text(1), enabled: bool(2), disabledReason: text(4), disabledReasonMsg: text(5) });

export const PING = {
  path: `${BRIDGE}/Ping`,
  request: Empty,
  response: message({ frontendApiCaps: many(1, Cap), llbCaps: many(2, Cap), workers: many(3, WorkerRecord) }),
};
export const RESOLVE_IMAGE_CONFIG = {
  path: `${BRIDGE}/ResolveImageConfig`,
  request: message({
    ref: text(1),
    platform: one(2, llb.Platform),
    resolveMode: text(3),
    logName: text(4),
    resolverType: int64(5),
    sessionId: text(6),
    storeId: text(7),
  }),
  response: message({ digest: text(1), config: bytes(2), ref: text(3) }),
};
export const RESOLVE_SOURCE_META = {
  path: `${BRIDGE}/ResolveSourceMeta`,
  request: message({
    source: one(1, llb.SourceOp),
    platform: one(2, llb.Platform),
    logName: text(3),
    resolveMode: text(4),
    image: one(6, message({ noConfig: bool(1), attestationChain: bool(2) })),
  }),
  response: message({
    source: one(1, llb.SourceOp),
    image: one(2, message({ digest: text(1), config: bytes(2) })),
  }),
};
export const SOLVE_BRIDGE = {
  path: `${BRIDGE}/Solve`,
  request: message({
    definition: one(1, llb.Definition),
    frontend: text(2),
    frontendOpt: map(3, text(2)),
    allowResultReturn: bool(5),
    allowResultArrayRef: bool(6),
    final: bool(10),
    exporterAttr: bytes(11),
    frontendInputs: map(13, one(2, llb.Definition)),
    evaluate: bool(14),
    sourcePolicies: many(15, Empty),
  }),
  response: message({ ref: text(1), result: one(3, Result) }),
};
export const READ_FILE = {
  path: `${BRIDGE}/ReadFile`,
  request: message({
    ref: text(1),
    filePath: text(2),
    range: one(3, message({ offset: int64(1), length: int64(2) })),
  }),
  response: message({ data: bytes(1) }),
};
export const READ_DIR = {
  path: `${BRIDGE}/ReadDir`,
  request: message({ ref: text(1), dirPath: text(2), includePattern: text(3) }),
  response: message({ entries: many(1, Stat) }),
};
export const STAT_FILE = {
  path: `${BRIDGE}/StatFile`,
  request: message({ ref: text(1), path: text(2) }),
  response: message({ stat: one(1, Stat) }),
};
export const EVALUATE = { path: `${BRIDGE}/Evaluate`, request: message({ ref: text(1) }), response: Empty };
export const INPUTS = {
  path: `${BRIDGE}/Inputs`,
  request: Empty,
  response: message({ definitions: map(1, one(2, llb.Definition)) }),
};
export const RETURN = {
  path: `${BRIDGE}/Return`,
  request: message({ result: one(1, Result), error: one(2, GrpcStatus) }),
  response: Empty,
};
export const WARN = {
  path: `${BRIDGE}/Warn`,
  request: message({
    digest: text(1),
    level: int64(2),
    short: bytes(3),
    detail: manyBytes(4),
    url: text(5),
    info: one(6, llb.SourceInfo),
    ranges: many(7, llb.SourceRange),
  }),
  response: Empty,
};
