import type { Clock, Logger } from "../base/index.ts";
import {
  createCacheExporter,
  createExporter,
  dockerfileFrontend,
  importCache,
  type LocalSolver,
} from "../build/index.ts";
import { type BuildkitApi, openBuildkitApi } from "../buildkit-api/index.ts";
import { VERSION } from "../cli/index.ts";
import type { ContentStore } from "../content/index.ts";
import type { ImageService } from "../images/index.ts";
import { hostInfo } from "../kernel/index.ts";

export interface BuildkitParts {
  stateDir: string;
  instanceId: string;
  solver: LocalSolver;
  images: ImageService;
  content: ContentStore;
  logger: Logger;
  clock: Clock;
}

/** BuildKit's API over this program's solver, frontend and exporters. */
export function openBuildkit(parts: BuildkitParts): Promise<BuildkitApi> {
  const { stateDir, instanceId, solver, images, content, logger, clock } = parts;
  return openBuildkitApi({
    stateDir,
    workerId: instanceId,
    version: `v${VERSION}`,
    solver,
    dockerfile: dockerfileFrontend,
    createExporter: (request) => createExporter({ images, content, clock }, request),
    createCacheExporter: (wish) => createCacheExporter({ images, content }, wish),
    importCache: (wish, job, chains) => importCache(images, wish, job, chains),
    platforms: [{ os: "linux", architecture: hostInfo().architecture }],
    logger,
    clock,
  });
}
