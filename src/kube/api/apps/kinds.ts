import type { KindDefinition } from "../types.ts";
import { controllerRevisions } from "./controller-revision.ts";
import { deployments } from "./deployment.ts";
import { replicaSets } from "./replica-set.ts";

export const appsKinds: readonly KindDefinition[] = [deployments, replicaSets, controllerRevisions];
