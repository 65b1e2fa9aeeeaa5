import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { startPlatform } from "../support/platform.ts";
import { benchBuild } from "./build.ts";
import { benchDockerRun } from "./docker-run.ts";
import { benchDockerfile } from "./dockerfile.ts";
import { benchEventLoop } from "./event-loop.ts";
import { benchHostileLoad } from "./hostile-load.ts";
import { benchListStall } from "./list-stall.ts";
import { benchMemory } from "./memory.ts";
import { benchPodStart } from "./pod-start.ts";
import { benchScheduler } from "./scheduler.ts";
import { benchRestart, benchStartUp } from "./start-up.ts";

// Prints one JSON object with all figures, or with those named on the command line. Run nothing else beside it.
const wanted = process.argv.slice(2);
const asked = (name: string) => wanted.length === 0 || wanted.includes(name);
const report: Record<string, unknown> = {};

if (asked("list-stall")) report.listStall = await benchListStall(50_000);
if (asked("hostile-load")) report.hostileLoad = await benchHostileLoad();
if (asked("start-up")) report.startUp = await benchStartUp(5);
if (asked("dockerfile")) report.dockerfile = benchDockerfile();
if (asked("event-loop")) report.eventLoop = await benchEventLoop();
if (asked("scheduler")) report.scheduler = benchScheduler();
const platform = await startPlatform();
try {
  makeBaseImages(["busybox"], platform.env);
  if (asked("memory")) report.memory = await benchMemory(platform);
  if (asked("build")) report.build = await benchBuild(platform);
  if (asked("docker-run")) report.dockerRun = await benchDockerRun(platform);
  if (asked("pod-start")) report.podStart = await benchPodStart(platform);
  if (asked("restart")) report.restart = await benchRestart(platform, 100);
} finally {
  await platform.reset();
}
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
