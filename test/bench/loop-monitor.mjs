// Loaded into the program by `event-loop.ts`: at each SIGUSR2 it writes how late the event loop was since the last one, and
// how much memory there is, to the file that GANTRY_LOOP_REPORT names. With GANTRY_LOOP_PROFILE a CPU profile too.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { monitorEventLoopDelay } from "node:perf_hooks";

const report = process.env.GANTRY_LOOP_REPORT;
if (report) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const profile = process.env.GANTRY_LOOP_PROFILE;
  const session = profile ? new Session() : undefined;
  session?.connect();
  session?.post("Profiler.enable");
  session?.post("Profiler.start");
  const ms = (ns) => Math.round(ns / 1e4) / 100;
  let count = 0;
  process.on("SIGUSR2", () => {
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const figures = {
      p50Ms: ms(delay.percentile(50)),
      p99Ms: ms(delay.percentile(99)),
      maxMs: ms(delay.max),
    };
    writeFileSync(
      report,
      JSON.stringify({ count: ++count, ...figures, rss, heapUsed, external, arrayBuffers }),
    );
    delay.reset();
    session?.post("Profiler.stop", (_error, result) => {
      writeFileSync(`${profile}.${count}.cpuprofile`, JSON.stringify(result.profile));
      session.post("Profiler.start");
      delay.reset();
    });
  });
}
