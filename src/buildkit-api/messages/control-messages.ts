import { llb as lowLevelBuild } from "../../build/index.ts";
import { protobuf } from "../../formats/index.ts";
import { BytesMessage, Empty, GrpcStatus, Timestamp } from "./common-messages.ts";

const llb = lowLevelBuild.messages;
const { bool, bytes, int64, many, manyBytes, map, mapByNumber, message, one, text, texts } = protobuf;

// moby/buildkit, api/services/control/control.proto and api/types/worker.proto.

export const UsageRecord = message({
  id: text(1),
  mutable: bool(2),
  inUse: bool(3),
  size: int64(4),
  createdAt: one(6, Timestamp),
  lastUsedAt: one(7, Timestamp),
  usageCount: int64(8),
  description: text(9),
  recordType: text(10),
  shared: bool(11),
  parents: texts(12),
});

const Attributes = { type: text(1), attrs: map(2, text(2)) };
export const ExporterRequest = message(Attributes);
const CacheEntry = message(Attributes);
const Policy = message({ version: int64(1), rules: many(2, Empty) });

export const SolveRequest = message({
  ref: text(1),
  definition: one(2, llb.Definition),
  exporterDeprecated: text(3),
  exporterAttrsDeprecated: map(4, text(2)),
  session: text(5),
  frontend: text(6),
  frontendAttrs: map(7, text(2)),
  cache: one(
    8,
    message({
      exportRefDeprecated: text(1),
      importRefsDeprecated: texts(2),
      exports: many(4, CacheEntry),
      imports: many(5, CacheEntry),
    }),
  ),
  entitlements: texts(9),
  frontendInputs: map(10, one(2, llb.Definition)),
  internal: bool(11),
  sourcePolicy: one(12, Policy),
  exporters: many(13, ExporterRequest),
});

export const Vertex = message({
  digest: text(1),
  inputs: texts(2),
  name: text(3),
  cached: bool(4),
  started: one(5, Timestamp),
  completed: one(6, Timestamp),
  error: text(7),
  progressGroup: one(8, llb.ProgressGroup),
});

export const StatusResponse = message({
  vertexes: many(1, Vertex),
  statuses: many(
    2,
    message({
      id: text(1),
      vertex: text(2),
      name: text(3),
      current: int64(4),
      total: int64(5),
      timestamp: one(6, Timestamp),
      started: one(7, Timestamp),
      completed: one(8, Timestamp),
    }),
  ),
  logs: many(3, message({ vertex: text(1), timestamp: one(2, Timestamp), stream: int64(3), msg: bytes(4) })),
  warnings: many(
    4,
    message({
      vertex: text(1),
      level: int64(2),
      short: bytes(3),
      detail: manyBytes(4),
      url: text(5),
      info: one(6, llb.SourceInfo),
      ranges: many(7, llb.SourceRange),
    }),
  ),
});

const BuildkitVersion = message({
  package: text(1),
  version: text(2),
  revision: text(3),
  dockerfileVersion: text(4),
});

export const WorkerRecord = message({
  id: text(1),
  labels: map(2, text(2)),
  platforms: many(3, llb.Platform),
  gcPolicy: many(
    4,
    message({ all: bool(1), keepDuration: int64(2), reservedSpace: int64(3), filters: texts(4) }),
  ),
  buildkitVersion: one(5, BuildkitVersion),
});

export const Descriptor = message({
  mediaType: text(1),
  digest: text(2),
  size: int64(3),
  annotations: map(5, text(2)),
});

const ResultInfo = message({
  attestations: many(2, Descriptor),
  results: mapByNumber(3, one(2, Descriptor)),
});

export const HistoryRecord = message({
  ref: text(1),
  frontend: text(2),
  frontendAttrs: map(3, text(2)),
  exporters: many(4, ExporterRequest),
  error: one(5, GrpcStatus),
  createdAt: one(6, Timestamp),
  completedAt: one(7, Timestamp),
  logs: one(8, Descriptor),
  exporterResponse: map(9, text(2)),
  result: one(10, ResultInfo),
  generation: int64(12),
  pinned: bool(14),
  numCachedSteps: int64(15),
  numTotalSteps: int64(16),
  numCompletedSteps: int64(17),
  externalError: one(18, Descriptor),
  numWarnings: int64(19),
});

export const HistoryEventType = { STARTED: 0, COMPLETE: 1, DELETED: 2 } as const;

const CONTROL = "/moby.buildkit.v1.Control";

export const SOLVE = {
  path: `${CONTROL}/Solve`,
  request: SolveRequest,
  response: message({ exporterResponse: map(1, text(2)) }),
};
export const SESSION = { path: `${CONTROL}/Session`, request: BytesMessage, response: BytesMessage };
export const STATUS = {
  path: `${CONTROL}/Status`,
  request: message({ ref: text(1) }),
  response: StatusResponse,
};
export const LIST_WORKERS = {
  path: `${CONTROL}/ListWorkers`,
  request: message({ filter: texts(1) }),
  response: message({ record: many(1, WorkerRecord) }),
};
export const INFO = {
  path: `${CONTROL}/Info`,
  request: Empty,
  response: message({ buildkitVersion: one(1, BuildkitVersion) }),
};
export const DISK_USAGE = {
  path: `${CONTROL}/DiskUsage`,
  request: message({ filter: texts(1), ageLimit: int64(2) }),
  response: message({ record: many(1, UsageRecord) }),
};
export const PRUNE = {
  path: `${CONTROL}/Prune`,
  request: message({
    filter: texts(1),
    all: bool(2),
    keepDuration: int64(3),
    reservedSpace: int64(4),
    maxUsedSpace: int64(5),
    minFreeSpace: int64(6),
  }),
  response: UsageRecord,
};
export const LISTEN_BUILD_HISTORY = {
  path: `${CONTROL}/ListenBuildHistory`,
  request: message({
    activeOnly: bool(1),
    ref: text(2),
    earlyExit: bool(3),
    filter: texts(4),
    limit: int64(5),
  }),
  response: message({ type: int64(1), record: one(2, HistoryRecord) }),
};
export const UPDATE_BUILD_HISTORY = {
  path: `${CONTROL}/UpdateBuildHistory`,
  request: message({ ref: text(1), pinned: bool(2), delete: bool(3), finalize: bool(4) }),
  response: Empty,
};
