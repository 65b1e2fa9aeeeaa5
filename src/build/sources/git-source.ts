import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { GantryError, newHexId, shortHash } from "../../base/index.ts";
import type { SourceOp } from "../llb/index.ts";
import { openAgentSocket } from "../operations/agent-socket.ts";
import type { OperationResult, OperationRun } from "../operations/operation-context.ts";
import { checkoutKey, type GitIdentifier, readGitIdentifier } from "./git/git-identifier.ts";
import type { ResolvedRef } from "./git/git-refs.ts";
import type { GitAccess } from "./git/git-repositories.ts";

/** A git source whose commit is known. */
export interface ResolvedGitSource {
  /** Equal keys, equal trees. */
  key: string;
  commit: string;
  checkOut(): Promise<OperationResult>;
}

/** Asks the remote what the source's ref is, and gives that to `work`, which may check it out. */
export async function withGitSource<T>(
  { identifier: text, attrs }: SourceOp,
  run: OperationRun,
  work: (source: ResolvedGitSource) => Promise<T>,
): Promise<T> {
  const identifier = readGitIdentifier(text, attrs);
  return withAccess(identifier, run, async (access) => {
    const resolved = await run.host.repositories.resolve(identifier, access);
    return work({
      // An address may hold a password.
      key: `git ${shortHash(identifier.remote, 64)} ${checkoutKey(identifier, resolved.commit, resolved.ref)}`,
      commit: resolved.commit,
      checkOut: () => checkOut(identifier, resolved, access, run),
    });
  });
}

async function checkOut(
  identifier: GitIdentifier,
  resolved: ResolvedRef,
  access: GitAccess,
  run: OperationRun,
): Promise<OperationResult> {
  const { images, workspace, repositories, clock } = run.host;
  // Nothing lies below it, so that its upper directory is the tree itself; git needs a path.
  const snapshot = await workspace.snapshot(undefined);
  try {
    await repositories.checkOut(identifier, resolved, snapshot.dir, access);
    await chmod(snapshot.dir, 0o755);
    const made = await images.commitLayer(snapshot.key);
    const layer = { diffId: made.diffId, createdAtMs: clock.nowMs(), description: run.name };
    return { outputs: [{ layers: [layer] }], release: made.release };
  } finally {
    await snapshot.dispose();
  }
}

async function withAccess<T>(
  identifier: GitIdentifier,
  run: OperationRun,
  work: (access: GitAccess) => Promise<T>,
): Promise<T> {
  const settings = await settingsOf(identifier, run);
  const onOutput = (stream: 1 | 2, data: Buffer) => run.step.log(stream, data);
  const access = { settings, agentSocket: undefined, onOutput, signal: run.signal };
  if (identifier.agent === "") return work(access);
  const connect = await run.session?.sshAgent(identifier.agent, run.signal);
  if (!connect)
    throw new GantryError(
      "NotFound",
      `no SSH key ${JSON.stringify(identifier.agent)} forwarded from the client`,
      {
        code: "Build.NoAgent",
      },
    );
  const memory = await run.host.workspace.memoryDirectory();
  try {
    const path = join(memory.path, `agent-${newHexId().slice(0, 8)}`);
    const socket = await openAgentSocket(path, connect);
    try {
      return await work({ ...access, agentSocket: path });
    } finally {
      await socket.close();
    }
  } finally {
    await memory.dispose();
  }
}

/** The client's secret for the host, else the one for all; a header counts more than a token. */
async function settingsOf(
  { remote, authHeaderSecret, authTokenSecret }: GitIdentifier,
  { session, signal }: OperationRun,
): Promise<Record<string, string>> {
  const host = URL.canParse(remote) ? new URL(remote).host : undefined;
  if (!session || host === undefined) return {};
  for (const suffix of [`.${host}`, ""]) {
    for (const [name, isToken] of [
      [authHeaderSecret, false],
      [authTokenSecret, true],
    ] as const) {
      const secret = name === "" ? undefined : await session.secret(name + suffix, signal);
      if (!secret) continue;
      const value = isToken
        ? `basic ${Buffer.from(`x-access-token:${secret.toString("utf8")}`).toString("base64")}`
        : secret.toString("utf8");
      return { [`http.${scopeOf(remote)}.extraheader`]: `Authorization: ${value}` };
    }
  }
  return {};
}

/** A token is for its repository, but at GitHub for submodules too, as with actions/checkout. */
function scopeOf(remote: string): string {
  const host = ["https://github.com/", "https://www.github.com/"].find((prefix) => remote.startsWith(prefix));
  return host ?? remote;
}
