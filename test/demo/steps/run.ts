import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/platform.ts";
import { Terminal } from "../../support/terminal.ts";
import { ask } from "../client-load.ts";
import type { Tour } from "../tour.ts";

export async function runStep(tour: Tour): Promise<void> {
  const { walk, platform } = tour;
  await walk.step("3. docker run, ps, logs, exec, inspect, stop, rm", async () => {
    const port = await freePort();
    const started = await tour.docker("run", "-d", "--name", "web", "-p", `${port}:8080`, tour.image("1.0"));
    walk.check(
      "docker run -d prints the container's id",
      /^[0-9a-f]{64}$/m.test(started.stdout),
      started.stderr,
    );
    const answer = await eventually("the published port answers", () => ask(`http://127.0.0.1:${port}/`));
    walk.check(
      "the published port answers on 127.0.0.1",
      answer.service === "web" && answer.version === "1.0",
    );
    const ps = await tour.docker("ps");
    walk.check(
      "docker ps shows the port",
      ps.stdout.includes(`0.0.0.0:${port}->8080/tcp`) && ps.stdout.includes("web"),
    );

    const follow = new Terminal("docker", ["logs", "-f", "web"], platform.env);
    await follow.waitFor(/web 1\.0 listens on port 8080/);
    walk.check("docker logs -f shows the first line", true);

    const shell = new Terminal("docker", ["exec", "-it", "web", "sh"], platform.env, {
      columns: 91,
      rows: 33,
    });
    shell.write("stty size\n");
    await shell.waitFor(/33 91/);
    shell.resize(120, 40);
    shell.write("sleep 0.3; stty size\n");
    await shell.waitFor(/40 120/);
    shell.write("exit 7\n");
    walk.check("docker exec -it has a terminal that resizes, and its exit code", (await shell.exit()) === 7);

    const exec = await tour.docker("exec", "web", "sh", "-c", "echo out; echo err >&2; exit 3");
    walk.check(
      "docker exec keeps output apart and gives the exit code",
      exec.code === 3 && exec.stdout === "out\n" && exec.stderr === "err\n",
    );
    const inspect = await platform.docker("inspect", "web");
    const [facts] = JSON.parse(inspect.stdout);
    walk.check(
      "docker inspect tells user, state and ports",
      facts.Config.User === "node" &&
        facts.State.Running === true &&
        facts.NetworkSettings.Ports["8080/tcp"][0].HostPort === String(port),
    );

    const stop = await tour.docker("stop", "web");
    walk.check("docker stop", stop.code === 0 && stop.stdout === "web\n");
    await follow.waitFor(/stopping/);
    walk.check("docker logs -f follows to the end", (await follow.exit()) === 0);
    const remove = await tour.docker("rm", "web");
    walk.check("docker rm", remove.code === 0);

    const interactive = new Terminal("docker", ["run", "--rm", "-it", "busybox", "sh"], platform.env);
    await interactive.waitFor(/# /);
    interactive.resize(101, 21);
    interactive.write("sleep 0.3; stty size; exit 5\n");
    await interactive.waitFor(/21 101/);
    walk.check(
      "docker run --rm -it busybox sh: terminal, resize, exit code",
      (await interactive.exit()) === 5,
    );
    const left = await platform.docker("ps", "-aq");
    walk.check("nothing is left", left.stdout.trim() === "", left.stdout);
  });
}
