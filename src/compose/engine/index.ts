export { buildImages, type ServicesToBuild } from "./build.ts";
export type { ComposeContext } from "./compose-context.ts";
export {
  killProject,
  pauseProject,
  removeContainers,
  restartProject,
  stoppedContainers,
  waitForExit,
} from "./container-verbs.ts";
export {
  byName,
  containerName,
  eventName,
  filters,
  findContainer,
  listContainers,
  ofServices,
  shortName,
} from "./containers.ts";
export type { Recreate } from "./converge.ts";
export { copyFromContainer, copyToContainer, treeMembers } from "./copy-files.ts";
export { type CreateOptions, createProject } from "./create.ts";
export { type DownOptions, down } from "./down.ts";
export { environmentList } from "./environment-list.ts";
export { type ExecOptions, type Execution, execIn } from "./exec.ts";
export type { BuildOptions, BuildRequest, ImageBuilder } from "./image-builder.ts";
export { inspectImage, nameAndTag, pullImage } from "./images.ts";
export { LABEL } from "./labels.ts";
export type { LogConsumer } from "./log-consumer.ts";
export { showLogs } from "./logs.ts";
export { type Progress, type ProgressEvent, type ProgressStatus, Reporter } from "./progress.ts";
export { projectOfContainers, projectOnEngine } from "./project-on-engine.ts";
export { readIgnore } from "./read-ignore.ts";
export { createOneOff, type RunOptions } from "./run-one-off.ts";
export { startProject } from "./start.ts";
export { stopProject } from "./stop.ts";
export { type OnExit, upAttached } from "./up-attached.ts";
export { all } from "./walk-services.ts";
export { ProjectWatcher, type WatchOptions } from "./watch.ts";
