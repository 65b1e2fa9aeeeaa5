import { invalidArgument } from "../../base/index.ts";
import type { Op } from "../llb/index.ts";
import type { OperationResult, OperationRun } from "../operations/operation-context.ts";
import { withGitSource } from "../sources/git-source.ts";
import { runHttpSource } from "../sources/http-source.ts";
import { findImage } from "../sources/image-source.ts";
import { readLocalRequest, sessionOf } from "../sources/local-request.ts";
import { fetchLayoutImage } from "../sources/oci-layout-source.ts";
import { layersOfImage } from "./image-layers.ts";

export interface SourceResult extends OperationResult {
  /** It was here before. */
  isCached: boolean;
}

/** Gets what an operation without inputs names. */
export async function runSource(op: Op, run: OperationRun): Promise<SourceResult> {
  const { identifier } = op.source!;
  const scheme = identifier.split("://", 1)[0];
  switch (scheme) {
    case "docker-image":
      return runImageSource(op, run);
    case "local":
      return { ...(await runLocalSource(op, run)), isCached: false };
    case "job":
      return takeTree(identifier, run);
    case "git":
      return runGitSource(op, run);
    case "http":
    case "https":
      return runHttpSource(op.source!, run);
    case "oci-layout":
      return runLayoutSource(op, run);
    default:
      throw invalidArgument(`unknown source scheme in ${identifier.slice(0, 200)}`, {
        code: "Build.Definition",
      });
  }
}

async function runImageSource({ source, platform }: Op, run: OperationRun): Promise<SourceResult> {
  const { identifier, attrs } = source!;
  const reference = identifier.slice("docker-image://".length);
  const mode = attrs["image.resolvemode"];
  const { image, wasHere } = await findImage(run.host.images, reference, {
    platform,
    mode: mode === "pull" || mode === "local" ? mode : "default",
    session: run.session,
    step: run.step,
    signal: run.signal,
  });
  const release = run.host.images.holdLayers(image.layers);
  return { outputs: [{ layers: layersOfImage(image, run.name) }], release, isCached: wasHere };
}

async function runLayoutSource(op: Op, run: OperationRun): Promise<SourceResult> {
  const { config, layers, release } = await fetchLayoutImage(op, run);
  const image = { layers, config, createdAtMs: run.host.clock.nowMs() };
  return { outputs: [{ layers: layersOfImage(image, run.name) }], release, isCached: false };
}

async function runLocalSource({ source }: Op, run: OperationRun): Promise<OperationResult> {
  const request = readLocalRequest(source!);
  const part = `transferring ${request.name}:`;
  const session = await sessionOf(source!, run.session, run.signal);
  let received = 0;
  const { tree, release } = await run.host.locals.receive(session, request, {
    signal: run.signal,
    onBytes: (bytes) => {
      received = bytes;
      run.step.status(part, { current: bytes });
    },
  });
  run.step.status(part, { current: received, done: true });
  return { outputs: [{ layers: [], local: tree }], release };
}

function takeTree(identifier: string, { trees, host }: OperationRun): SourceResult {
  const ref = trees?.(identifier.slice("job://".length));
  if (!ref) throw invalidArgument(`no such tree: ${identifier.slice(0, 200)}`, { code: "Build.Definition" });
  const release = ref.local?.hold() ?? host.images.holdLayers(ref.layers.map(({ diffId }) => diffId));
  return { outputs: [ref], release, isCached: true };
}

async function runGitSource({ source }: Op, run: OperationRun): Promise<SourceResult> {
  return withGitSource(source!, run, async ({ key, commit: pin, checkOut }) => {
    const known = run.host.results.find([key]);
    if (known)
      return {
        outputs: known.record.outputs.map((layers) => ({ layers })),
        release: known.release,
        isCached: true,
        pin,
      };
    const made = await checkOut();
    try {
      const outputs = made.outputs.map(({ layers }) => [...layers]);
      const { release } = await run.host.results.put({
        keys: [key],
        outputs,
        ownLayers: outputs.flat().map(({ diffId }) => diffId),
        description: `git snapshot for ${run.name}`,
        recordType: "source.git.checkout",
      });
      return { outputs: made.outputs, release, isCached: false, pin };
    } finally {
      made.release();
    }
  });
}
