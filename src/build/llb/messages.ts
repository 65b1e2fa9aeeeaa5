import { protobuf } from "../../formats/index.ts";

const { bool, bytes, int64, ints, many, manyBytes, map, message, one, text, texts } = protobuf;

/**
 * LLB, the low-level definition of a build: a graph of operations, each the bytes of an `Op`, known by their digest
 * (moby/buildkit, solver/pb/ops.proto).
 */
export const Platform = message({
  architecture: text(1),
  os: text(2),
  variant: text(3),
  osVersion: text(4),
  osFeatures: texts(5),
});

export const Input = message({
  /** Digest of the operation whose output this is. */
  digest: text(1),
  /** Which of its outputs. */
  index: int64(2),
});

export const NetworkMode = { SANDBOX: 0, HOST: 1, NONE: 2 } as const;
export const SecurityMode = { SANDBOX: 0, INSECURE: 1 } as const;
export const MountType = { BIND: 0, SECRET: 1, SSH: 2, CACHE: 3, TMPFS: 4 } as const;
export const CacheSharing = { SHARED: 0, PRIVATE: 1, LOCKED: 2 } as const;

const ProxyEnv = message({
  httpProxy: text(1),
  httpsProxy: text(2),
  ftpProxy: text(3),
  noProxy: text(4),
  allProxy: text(5),
});

export const ExecMeta = message({
  args: texts(1),
  env: texts(2),
  cwd: text(3),
  user: text(4),
  proxyEnv: one(5, ProxyEnv),
  extraHosts: many(6, message({ host: text(1), ip: text(2) })),
  hostname: text(7),
  ulimits: many(9, message({ name: text(1), soft: int64(2), hard: int64(3) })),
  cgroupParent: text(10),
  removeMountStubsRecursive: bool(11),
  validExitCodes: ints(12),
});

/** A file made of a secret, or the agent's socket: both have these. */
const identified = { id: text(1), uid: int64(2), gid: int64(3), mode: int64(4), optional: bool(5) };

export const Mount = message({
  /** Number of the operation's input; -1 for none. */
  input: int64(1),
  /** Path in the input that is mounted, instead of its root. */
  selector: text(2),
  dest: text(3),
  /** Number of the operation's output that the mount becomes; -1 for none. */
  output: int64(4),
  readonly: bool(5),
  mountType: int64(6),
  tmpfs: one(19, message({ sizeBytes: int64(1) })),
  cache: one(20, message({ id: text(1), sharing: int64(2) })),
  secret: one(21, message(identified)),
  ssh: one(22, message(identified)),
  resultId: text(23),
  /** 0 default, 1 on, 2 off: whether the content of a mount that is only read makes the cache key. */
  contentCache: int64(24),
});

export const ExecOp = message({
  meta: one(1, ExecMeta),
  mounts: many(2, Mount),
  network: int64(3),
  security: int64(4),
  secretEnv: many(5, message({ id: text(1), name: text(2), optional: bool(3) })),
  cdiDevices: many(6, message({ name: text(1), optional: bool(2) })),
});

export const SourceOp = message({
  /** `docker-image://…`, `local://NAME`, `git://…`, `https://…`, `oci-layout://…`. */
  identifier: text(1),
  attrs: map(2, text(2)),
});

const UserOption = message({
  byName: one(1, message({ name: text(1), input: int64(2) })),
  // A message of its own for the number would be another wire form; that zero is left out is told apart by `byName`.
  byId: int64(2),
});

export const ChownOption = message({ user: one(1, UserOption), group: one(2, UserOption) });

export const FileCopy = message({
  src: text(1),
  dest: text(2),
  owner: one(3, ChownOption),
  /** Permission bits; -1 keeps those of the source. */
  mode: int64(4),
  followSymlink: bool(5),
  dirCopyContents: bool(6),
  attemptUnpackDockerCompatibility: bool(7),
  createDestPath: bool(8),
  allowWildcard: bool(9),
  allowEmptyWildcard: bool(10),
  /** Nanoseconds since 1970; -1 keeps the source's. */
  timestamp: int64(11),
  includePatterns: texts(12),
  excludePatterns: texts(13),
  alwaysReplaceExistingDestPaths: bool(14),
  /** Permission bits in symbols: `u+x,go-w`. */
  modeText: text(15),
  requiredPaths: texts(16),
});

export const FileMake = message({
  path: text(1),
  mode: int64(2),
  data: bytes(3),
  owner: one(4, ChownOption),
  timestamp: int64(5),
});

export const FileMakeDirectory = message({
  path: text(1),
  mode: int64(2),
  makeParents: bool(3),
  owner: one(4, ChownOption),
  timestamp: int64(5),
});

export const FileRemove = message({ path: text(1), allowNotFound: bool(2), allowWildcard: bool(3) });

export const FileSymlink = message({
  oldPath: text(1),
  newPath: text(2),
  owner: one(3, ChownOption),
  timestamp: int64(4),
});

/** One of the five stands in it. */
export const FileAction = message({
  /** Number of an input, or (from the number of inputs on) of an earlier action; -1: an empty directory. */
  input: int64(1),
  secondaryInput: int64(2),
  /** Number of the output that the action's result is; -1 for none. */
  output: int64(3),
  copy: one(4, FileCopy),
  mkfile: one(5, FileMake),
  mkdir: one(6, FileMakeDirectory),
  rm: one(7, FileRemove),
  symlink: one(8, FileSymlink),
});

export const FileOp = message({ actions: many(2, FileAction) });
export const MergeOp = message({ inputs: many(1, message({ input: int64(1) })) });
export const DiffOp = message({
  lower: one(1, message({ input: int64(1) })),
  upper: one(2, message({ input: int64(1) })),
});
/** Builds what an input defines; refused here. */
export const BuildOp = message({ builder: int64(1) });

/** One of the operations stands in it. An operation without any is the end of a definition: its only input is the result. */
export const Op = message({
  inputs: many(1, Input),
  exec: one(2, ExecOp),
  source: one(3, SourceOp),
  file: one(4, FileOp),
  build: one(5, BuildOp),
  merge: one(6, MergeOp),
  diff: one(7, DiffOp),
  platform: one(10, Platform),
  constraints: one(11, message({ filter: texts(1) })),
});

export const ProgressGroup = message({ id: text(1), name: text(2), weak: bool(3) });

export const LinuxResources = message({
  memory: int64(1),
  memorySwap: int64(2),
  cpuShares: int64(3),
  cpuPeriod: int64(4),
  cpuQuota: int64(5),
  cpusetCpus: text(6),
  cpusetMems: text(7),
});

export const OpMetadata = message({
  ignoreCache: bool(1),
  /** `llb.customname` is what progress calls the operation. */
  description: map(2, text(2)),
  exportCache: one(4, message({ value: bool(1) })),
  caps: map(5, bool(2)),
  progressGroup: one(6, ProgressGroup),
  linuxResources: one(7, LinuxResources),
});

/** Lines count from 1, characters from 0. */
const Position = message({ line: int64(1), character: int64(2) });
export const SourceRange = message({ start: one(1, Position), end: one(2, Position) });
export const Location = message({ sourceIndex: int64(1), ranges: many(2, SourceRange) });
const Locations = message({ locations: many(1, Location) });
export const SourceInfo = message({ filename: text(1), data: bytes(2), language: text(4) });
export const Source = message({
  /** By digest of the operation. */
  locations: map(1, one(2, Locations)),
  infos: many(2, SourceInfo),
});

export const Definition = message({
  /** Each the bytes of an `Op`; the last has one input, the result. */
  def: manyBytes(1),
  /** By digest of the operation. */
  metadata: map(2, one(2, OpMetadata)),
  source: one(3, Source),
});
