import { eventually } from "../../support/eventually.ts";
import { kubectlBinary } from "../../support/platform.ts";
import { Terminal } from "../../support/terminal.ts";
import { ask } from "../client-load.ts";
import type { Tour } from "../tour.ts";

/** Prints what the address in its first argument answers. (Debian's static busybox has a wget that crashes.) */
const FETCH =
  "fetch(process.argv[1], { signal: AbortSignal.timeout(5000) }).then((r) => r.text()).then(console.log)";

export async function deployStep(tour: Tour): Promise<void> {
  const { walk, platform } = tour;
  await walk.step("5. and 6. kubectl apply, look around, reach the Service", async () => {
    const apply = await tour.kubectl("apply", "-f", tour.manifest);
    walk.check(
      "kubectl apply",
      apply.code === 0 &&
        apply.stdout.includes("deployment.apps/web created") &&
        apply.stdout.includes("service/web created"),
      apply.stderr,
    );
    const rollout = await tour.kubectl("rollout", "status", "deployment/web", "--timeout=60s");
    walk.check(
      "kubectl rollout status ends in success",
      rollout.stdout.includes('deployment "web" successfully rolled out'),
      rollout.stderr,
    );
    const pods = await tour.kubectl("get", "pods", "-o", "wide");
    walk.check("three pods are ready", (pods.stdout.match(/1\/1\s+Running/g)?.length ?? 0) === 3);
    const events = await tour.ask("get", "events", "-o", "json");
    walk.check("no pull was needed: the image was built here", events.includes("already present on machine"));

    const [first] = await tour.pods();
    const describe = await tour.kubectl("describe", "pod", first!.name);
    walk.check(
      "kubectl describe tells probes, node and events",
      /Liveness:\s+http-get/.test(describe.stdout) &&
        /Successfully assigned default\/web-/.test(describe.stdout) &&
        /Started container web/.test(describe.stdout),
    );
    const logs = await tour.kubectl("logs", first!.name);
    walk.check("kubectl logs", logs.stdout.includes("web 1.0 listens on port 8080"), logs.stderr);
    const follow = new Terminal(kubectlBinary(), ["logs", "-f", first!.name], platform.env);
    await follow.waitFor(/listens on port 8080/);
    await follow.close();
    const shell = new Terminal(kubectlBinary(), ["exec", "-it", first!.name, "--", "sh"], platform.env, {
      columns: 77,
      rows: 22,
    });
    await shell.waitFor(/[$#] /);
    shell.write("stty size; hostname; exit 4\n");
    await shell.waitFor(/22 77/);
    await shell.waitFor(new RegExp(first!.name));
    walk.check("kubectl exec -it has a terminal and gives the exit code", (await shell.exit()) === 4);
    await tour.kubectl("get", "events");
    const all = await tour.kubectl("get", "all", "-A");
    walk.check(
      "kubectl get all -A",
      /deployment\.apps\/web\s+3\/3/.test(all.stdout) && /service\/kubernetes/.test(all.stdout),
      all.stderr,
    );

    const address = await eventually("the Service has an address", () => tour.serviceAddress());
    const clusterIp = await tour.ask("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
    const hosts = new Set<string>();
    for (let index = 0; index < 60; index++) hosts.add((await ask(`http://${address}/`)).host);
    walk.check(
      "the Service answers on the host and spreads over all three pods",
      hosts.size === 3,
      [...hosts].join(" "),
    );
    walk.check(
      "its cluster address answers on the host too",
      (await ask(`http://${clusterIp}/`)).service === "web",
    );
    for (const name of [address, clusterIp, "web", "web.default", "web.default.svc.cluster.local"]) {
      const inside = await platform.kubectl(
        "exec",
        first!.name,
        "--",
        "node",
        "-e",
        FETCH,
        `http://${name}/`,
      );
      walk.check(
        `from inside a pod: http://${name}/`,
        inside.code === 0 && inside.stdout.includes('"service":"web"'),
        inside.stderr,
      );
    }
  });
}
