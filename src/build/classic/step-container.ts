import { StringDecoder } from "node:string_decoder";
import { shortId } from "../../formats/index.ts";
import type { RunExecutor, RunOutcome, RunRequest } from "../types.ts";
import type { StageBuilder } from "./stage-builder.ts";

/** What of a step's container the operation does not say. */
export interface StepContainerOptions {
  networkMode: string | undefined;
  /** Hears of the container's id when it ended. */
  onEnded: (outcome: RunOutcome) => void;
}

/**
 * Runs a step's command as the classic builder does: in a container that users see, made of the image so far, with the client's limits.
 * It stays where the client wants so.
 */
export function stepContainer(stage: StageBuilder, options: StepContainerOptions): RunExecutor {
  const { scope, config, image } = stage;
  const { request } = scope;
  return {
    run: async (asked) => {
      const outcome = await scope.executor.run({
        ...asked,
        ...reports(stage, asked.containerId),
        base: image!.id,
        workingDir: config.WorkingDir ?? "",
        volumes: config.Volumes,
        networkMode: options.networkMode ?? request.networkMode,
        extraHosts: request.extraHosts,
        limits: request.limits,
        hostname: undefined,
      });
      options.onEnded(outcome);
      return { ...outcome, dispose: () => dispose(stage, outcome) };
    },
  };
}

function reports({ output }: StageBuilder, containerId: string): Pick<RunRequest, "onCreated" | "output"> {
  const decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  const tell = { stdout: output.text, stderr: output.errorText ?? output.text };
  return {
    onCreated: () => output.text(` ---> Running in ${shortId(containerId)}\n`),
    output: (stream, chunk) => {
      const text = decoders[stream].write(chunk);
      if (text !== "") tell[stream](text);
      return output.drained?.();
    },
  };
}

/** The container of a failed step stays for a look at it, unless the client wants it gone. */
export function stays({ scope: { request, signal } }: StageBuilder, { exitCode }: RunOutcome): boolean {
  if (signal.aborted) return false;
  return exitCode === 0 ? request.removeContainers === false : request.forceRemoveContainers !== true;
}

async function dispose(stage: StageBuilder, outcome: RunOutcome): Promise<void> {
  if (stays(stage, outcome)) return;
  await outcome.dispose();
  if (stage.scope.signal.aborted) return;
  stage.output.text(` ---> Removed intermediate container ${shortId(outcome.containerId)}\n`);
}
