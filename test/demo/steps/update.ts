import { eventually } from "../../support/eventually.ts";
import { ClientLoad } from "../client-load.ts";
import type { Tour } from "../tour.ts";

export async function updateStep(tour: Tour): Promise<void> {
  const { walk } = tour;
  await walk.step("7. Version 1.1 and back, under load", async () => {
    const build = await tour.docker(
      "build",
      "--build-arg",
      "APP_VERSION=1.1",
      "-t",
      tour.image("1.1"),
      tour.example,
    );
    walk.check("1.1 is built", build.code === 0, build.stderr);
    const push = await tour.docker("push", tour.image("1.1"));
    walk.check("1.1 is pushed", push.code === 0, push.stderr);
    const load = new ClientLoad(`http://${await tour.serviceAddress()}/`);
    await new Promise((resolve) => setTimeout(resolve, 500));

    const set = await tour.kubectl("set", "image", "deployment/web", `web=${tour.image("1.1")}`);
    walk.check("kubectl set image", set.code === 0, set.stderr);
    const rollout = await tour.kubectl("rollout", "status", "deployment/web", "--timeout=120s");
    walk.check("1.1 is rolled out", rollout.stdout.includes("successfully rolled out"), rollout.stderr);
    const history = await tour.kubectl("rollout", "history", "deployment/web");
    walk.check("the history has two revisions", /^1 +/m.test(history.stdout) && /^2 +/m.test(history.stdout));

    const undo = await tour.kubectl("rollout", "undo", "deployment/web");
    walk.check("kubectl rollout undo", undo.code === 0, undo.stderr);
    const back = await tour.kubectl("rollout", "status", "deployment/web", "--timeout=120s");
    walk.check("1.0 is back", back.stdout.includes("successfully rolled out"), back.stderr);
    await eventually("old pods are gone", async () => (await tour.pods()).length === 3);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const report = await load.stop();
    walk.note(
      `${report.requests} requests, by version: ${JSON.stringify(report.versions)}, by ${report.hosts.size} pods`,
    );
    walk.check(
      "both versions answered",
      (report.versions["1.0"] ?? 0) > 0 && (report.versions["1.1"] ?? 0) > 0,
    );
    walk.check(
      "not one request failed",
      report.failures.length === 0 && report.requests > 200,
      `${report.failures.length} of ${report.requests}: ${report.failures.slice(0, 3).join("; ")}`,
    );
  });
}
