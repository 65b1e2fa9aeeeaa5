import type { KindDefinition } from "../types.ts";
import { cronJobs } from "./cron-job.ts";
import { jobs } from "./job.ts";

export const batchKinds: readonly KindDefinition[] = [jobs, cronJobs];
