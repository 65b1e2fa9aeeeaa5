import { fileStepHistory } from "../image-config.ts";
import type { StageBuilder } from "./stage-builder.ts";

/** WORKDIR: sets the directory and makes it where it is missing; only then there is a layer. */
export async function runWorkdirStep(stage: StageBuilder, path: string): Promise<void> {
  await stage.commit({
    key: stage.key("WORKDIR", path),
    config: { ...stage.config, WorkingDir: path },
    createdBy: fileStepHistory(stage.config, `WORKDIR ${path}`),
    layer: async () => {
      const { job, image } = stage;
      const mkdir = { path, mode: 0o755, makeParents: true, timestamp: -1 };
      const made = job.add({
        inputs: [job.image(image)],
        file: { actions: [{ input: 0, secondaryInput: -1, output: 0, mkdir }] },
      });
      return { diffId: await job.layerOn(image, made) };
    },
  });
}
