import { lstatSync } from "node:fs";
import { GantryError, invalidArgument, newHexId, notImplemented } from "../../base/index.ts";
import { fdPath } from "../../kernel/index.ts";
import { DEFAULT_PATH } from "../image-config.ts";
import type { ExecMeta, ExecOp, LinuxResources, Mount } from "../llb/index.ts";
import { NetworkMode, SecurityMode } from "../llb/messages.ts";
import { EMPTY_REF, type Ref } from "../solver/ref.ts";
import type { TreeLayer } from "../solver/types.ts";
import type { BuildLimits, RunOutcome } from "../types.ts";
import { ClippedLog } from "./clipped-log.ts";
import { type ExecMounts, prepareMounts, secretOf } from "./exec-mounts.ts";
import { type MountStub, missingMountPoints, removeMountStubs } from "./mount-stubs.ts";
import type { OperationResult, OperationRun } from "./operation-context.ts";

const DEFAULT_HOSTNAME = "buildkitsandbox";

/** Runs a command in a container over its root's layers; what it wrote becomes a layer. */
export async function runExecOperation(
  op: ExecOp,
  resources: LinuxResources | undefined,
  run: OperationRun,
): Promise<OperationResult> {
  const { meta } = op;
  if (!meta || meta.args.length === 0) throw invalidArgument("invalid exec op with no meta");
  assertAllowed(op, run);
  const rootMount = op.mounts.find(({ dest }) => dest === "/");
  if (!rootMount) throw invalidArgument("no root mount");
  const root = rootMount.input < 0 ? EMPTY_REF : run.inputs[rootMount.input];
  if (!root || root.local) throw invalidArgument(`missing input ${rootMount.input}`);
  const mounts = await prepareMounts(op.mounts, run);
  try {
    const stubs = await stubsOf(root, op.mounts, run);
    const environment = await environmentOf(op, meta, run);
    const outcome = await runCommand({ op, meta, root, rootMount, mounts, environment, resources, run });
    try {
      assertSucceeded(meta, outcome);
      return await commitOutputs({ op, root, rootMount, mounts, stubs, outcome, run });
    } finally {
      await dispose(outcome, run);
    }
  } finally {
    await mounts.dispose();
  }
}

function assertAllowed({ network, security, cdiDevices }: ExecOp, { entitlements }: OperationRun): void {
  const needed = [
    ...(network === NetworkMode.HOST ? ["network.host"] : []),
    ...(security === SecurityMode.INSECURE ? ["security.insecure"] : []),
  ];
  for (const one of needed) {
    if (!entitlements.includes(one))
      throw new GantryError("PermissionDenied", `${one} is not allowed`, { code: "Build.Entitlement" });
  }
  if (cdiDevices.some(({ optional }) => !optional))
    throw notImplemented("RUN --device is not supported", { code: "Build.Device" });
}

async function stubsOf(root: Ref, mounts: readonly Mount[], run: OperationRun): Promise<MountStub[]> {
  const targets = mounts.map(({ dest }) => dest).filter((dest) => dest !== "/");
  if (targets.length === 0) return [];
  const opened = await run.host.workspace.readRoot(root.layers.map(({ diffId }) => diffId));
  try {
    return missingMountPoints(opened.fd, targets);
  } finally {
    opened.close();
  }
}

async function environmentOf(op: ExecOp, meta: ExecMeta, run: OperationRun): Promise<string[]> {
  const environment = [...meta.env];
  const names = new Set(environment.map((entry) => entry.split("=", 1)[0]));
  if (!names.has("PATH")) environment.push(DEFAULT_PATH);
  for (const [name, value] of Object.entries({
    HTTP_PROXY: meta.proxyEnv?.httpProxy,
    HTTPS_PROXY: meta.proxyEnv?.httpsProxy,
    FTP_PROXY: meta.proxyEnv?.ftpProxy,
    NO_PROXY: meta.proxyEnv?.noProxy,
    ALL_PROXY: meta.proxyEnv?.allProxy,
  })) {
    if (value) environment.push(`${name}=${value}`, `${name.toLowerCase()}=${value}`);
  }
  for (const { id, name, optional } of op.secretEnv) {
    const value = await secretOf(run, id, optional);
    if (value) environment.push(`${name}=${value.toString("utf8")}`);
  }
  return environment;
}

interface Command {
  op: ExecOp;
  meta: ExecMeta;
  root: Ref;
  rootMount: Mount;
  mounts: ExecMounts;
  environment: string[];
  resources: LinuxResources | undefined;
  run: OperationRun;
}

async function runCommand(command: Command): Promise<RunOutcome> {
  const { op, meta, root, rootMount, mounts, run } = command;
  const { workspace } = run.host;
  const log = new ClippedLog(run.step);
  const containerId = newHexId();
  const marker = `container.${containerId}`;
  await workspace.mark(marker);
  try {
    return await run.executor.run({
      base: { layers: root.layers.map(({ diffId }) => diffId) },
      argv: meta.args,
      env: command.environment,
      workingDir: meta.cwd || "/",
      user: meta.user,
      networkMode: networkOf(op),
      extraHosts: meta.extraHosts.map(({ host, ip }) => `${host}:${ip}`),
      limits: limitsOf(meta, command.resources),
      mounts: mounts.binds,
      tmpfs: mounts.tmpfs,
      hostname: meta.hostname || DEFAULT_HOSTNAME,
      readonlyRoot: rootMount.readonly,
      privileged: op.security === SecurityMode.INSECURE,
      containerId,
      onCreated: () => {},
      output: (stream, chunk) => log.write(stream === "stdout" ? 1 : 2, chunk),
      signal: run.signal,
    });
  } catch (error) {
    await workspace.cleanUp(marker);
    run.signal.throwIfAborted();
    throw error;
  }
}

async function dispose(outcome: RunOutcome, { host }: OperationRun): Promise<void> {
  await outcome.dispose();
  await host.workspace.unmark(`container.${outcome.containerId}`);
}

function networkOf({ network }: ExecOp): string | undefined {
  if (network === NetworkMode.HOST) return "host";
  return network === NetworkMode.NONE ? "none" : undefined;
}

function limitsOf(meta: ExecMeta, resources: LinuxResources | undefined): BuildLimits {
  return {
    ...(meta.ulimits.length > 0
      ? { ulimits: meta.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })) }
      : {}),
    ...(meta.cgroupParent ? { cgroupParent: meta.cgroupParent } : {}),
    ...(resources?.memory ? { memory: resources.memory } : {}),
    ...(resources?.memorySwap ? { memorySwap: resources.memorySwap } : {}),
    ...(resources?.cpuShares ? { cpuShares: resources.cpuShares } : {}),
    ...(resources?.cpuPeriod ? { cpuPeriod: resources.cpuPeriod } : {}),
    ...(resources?.cpuQuota ? { cpuQuota: resources.cpuQuota } : {}),
    ...(resources?.cpusetCpus ? { cpusetCpus: resources.cpusetCpus } : {}),
  };
}

function assertSucceeded({ args, validExitCodes }: ExecMeta, { exitCode, isOutOfMemory }: RunOutcome): void {
  const valid = validExitCodes.length > 0 ? validExitCodes : [0];
  if (valid.includes(exitCode)) return;
  const reason = isOutOfMemory ? "cannot allocate memory" : `exit code: ${exitCode}`;
  throw new GantryError(
    "InvalidArgument",
    `process ${JSON.stringify(args.join(" "))} did not complete successfully: ${reason}`,
    { code: "Build.StepFailed", details: { exitCode } },
  );
}

interface Ended {
  op: ExecOp;
  root: Ref;
  rootMount: Mount;
  mounts: ExecMounts;
  stubs: readonly MountStub[];
  outcome: RunOutcome;
  run: OperationRun;
}

async function commitOutputs(ended: Ended): Promise<OperationResult> {
  const { root, rootMount, mounts, outcome, run } = ended;
  const releases: (() => void)[] = [];
  const release = () => {
    for (const one of releases.splice(0)) one();
  };
  const outputs: Ref[] = [];
  const commit = async (output: number, key: string, base: Ref): Promise<void> => {
    const made = await run.host.images.commitLayer(key);
    releases.push(made.release);
    const layer: TreeLayer = {
      diffId: made.diffId,
      createdAtMs: run.host.clock.nowMs(),
      description: run.name,
    };
    outputs[output] = { layers: [...base.layers, layer] };
  };
  try {
    await cleanRoot(ended);
    if (rootMount.output >= 0) await commit(rootMount.output, outcome.snapshotKey, root);
    for (const { output, key, base, unmount } of mounts.writable) {
      await unmount();
      await commit(output, key, base);
    }
    return { outputs, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Takes away what was made in the root only to mount on. */
async function cleanRoot({ root, stubs, outcome, run }: Ended): Promise<void> {
  const { upperDir } = await run.host.images.snapshotMount(outcome.snapshotKey);
  if (stubs.length === 0 || upperDir === undefined) return;
  const opened = await run.host.workspace.readRoot(root.layers.map(({ diffId }) => diffId));
  try {
    removeMountStubs(upperDir, stubs, (path) =>
      lstatSync(`${fdPath(opened.fd)}/${path}`, { throwIfNoEntry: false }),
    );
  } finally {
    opened.close();
  }
}
