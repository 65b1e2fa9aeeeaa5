export { checkContainerNames, checkProject } from "./check-project.ts";
export { mapServices, withEnvironmentResolved, withLabelsResolved } from "./env-resolved.ts";
export { networkHash, serviceHash, volumeHash } from "./hash.ts";
export { indentJson, projectToJson, projectToYaml } from "./print-project.ts";
export { imageOf, networksByPriority, type Project, type Service, scaleOf } from "./project.ts";
export {
  dependentsOf,
  withoutDependencies,
  withoutUnusedResources,
  withProfiles,
  withSelectedServices,
  withServicesDisabled,
  withServicesEnabled,
} from "./select-services.ts";
export { treeToProject } from "./tree-to-project.ts";
