import { statSync } from "node:fs";
import { fdPath, resolveInRoot } from "../kernel/index.ts";
import { fileStepHistory } from "./image-config.ts";
import type { StageBuilder } from "./stage-builder.ts";
import { TreeWriter } from "./tree-writer.ts";

/** WORKDIR: sets the directory and makes it where it is missing; only then there is a layer. */
export async function runWorkdirStep(stage: StageBuilder, path: string): Promise<void> {
  const config = { ...stage.config, WorkingDir: path };
  await stage.commit({
    key: stage.key("WORKDIR", path),
    config,
    createdBy: fileStepHistory(stage.config, `WORKDIR ${path}`),
    layer: () => makeDirectoryLayer(stage, path),
  });
}

async function makeDirectoryLayer(stage: StageBuilder, path: string) {
  const step = await stage.scope.workspace.stepRoot(stage.image?.id);
  try {
    const root = fdPath(step.root.fd);
    if (statSync(resolveInRoot(root, path), { throwIfNoEntry: false })?.isDirectory()) {
      await step.dispose();
      return undefined;
    }
    const writer = new TreeWriter(step.root.fd);
    try {
      writer.directory(path);
    } finally {
      writer.close();
    }
    step.unmount();
    return { snapshotKey: step.key, dispose: () => step.dispose() };
  } catch (error) {
    await step.dispose();
    throw error;
  }
}
