export {
  COMPOSE_VERSION,
  type LoadProjectOptions,
  loadProject,
  loadTree,
  type ProjectSource,
} from "./load-project.ts";
