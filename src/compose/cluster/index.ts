export { namespaceOf, PROJECT_LABEL } from "./cluster-names.ts";
export type { ClusterObject, ClusterProject, ClusterService } from "./cluster-object.ts";
export { allObjects, type ConvertOptions, convertProject } from "./convert-project.ts";
