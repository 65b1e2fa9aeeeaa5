import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useKube } from "../../support/kube.ts";
import { kubectlBinary } from "../../support/platform.ts";
import { mustRun, type RunResult, run } from "../../support/run.ts";
import { ADVANCED } from "./advanced.table.ts";
import { BASIC } from "./basic.table.ts";
import { CLUSTER_MANAGEMENT } from "./cluster-management.table.ts";
import type { CommandRow } from "./command-row.ts";
import { CREATE } from "./create.table.ts";
import { DEPLOY } from "./deploy.table.ts";
import { MANIFESTS } from "./manifests.ts";
import { TROUBLESHOOTING } from "./troubleshooting.table.ts";

// Every subcommand of the oldest, a middle and the newest supported kubectl, one after the other as the tables stand.

const SUBCOMMANDS = [...BASIC, ...CREATE, ...DEPLOY, ...CLUSTER_MANAGEMENT, ...TROUBLESHOOTING, ...ADVANCED];

const kube = useKube();
const root = mkdtempSync(join(tmpdir(), "gantry-kubectl-"));
afterAll(() => rmSync(root, { recursive: true }));

describe.each([27, 30, 33])("kubectl 1.%i", (minor) => {
  const namespace = `kubectl-${minor}`;
  const directory = join(root, namespace);
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    for (const [path, text] of Object.entries(MANIFESTS)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    symlinkSync(kubectlBinary(`1.${minor}`), join(directory, "kubectl"));
    writeFileSync(join(directory, "kubeconfig"), readFileSync(`${kube.platform.home}/kubeconfig`));
    env = {
      ...kube.platform.env,
      HOME: directory,
      KUBECONFIG: join(directory, "kubeconfig"),
      PATH: `${directory}:${process.env.PATH}`,
      N: namespace,
      NODE: (await kube.get("pods").then(() => kube.must("get", "nodes", "-o", "name"))).trim().slice(5),
    };
    await kube.must("create", "namespace", namespace);
    await shell(`kubectl config set-context --current --namespace=${namespace}`);
  });

  const shell = (command: string): Promise<RunResult> =>
    run("sh", ["-c", command], { cwd: directory, env, timeoutMs: 90_000 });

  const expected = (what: string | RegExp | undefined) =>
    typeof what === "string"
      ? what.replaceAll("$NODE", env.NODE!).replaceAll("$N", namespace)
      : what === undefined
        ? expect.any(String)
        : expect.stringMatching(what);

  const check = async ({ run: command, code = 0, out, err = "" }: CommandRow) => {
    const { code: ended, stdout, stderr } = await shell(command);
    // A failed command's output matters less than why it failed.
    expect({ command, code: ended, stdout, stderr }).toEqual({
      command,
      code,
      stdout: expected(out),
      stderr: expected(err),
    });
  };

  it.each(SUBCOMMANDS)("$subcommand", async ({ rows }) => {
    for (const row of rows) if ((row.since ?? 0) <= minor) await check(row);
  });

  it("has no subcommand that is not in the tables", async () => {
    const names = await subcommandsOf(env, directory);
    const commands = SUBCOMMANDS.flatMap(({ rows }) => rows.map((row) => row.run)).join("\n");
    const isRun = (name: string) => new RegExp(`kubectl ${name}( |$)`, "m").test(commands);
    expect(names.filter((name) => !isRun(name))).toEqual([]);
  });
});

/** What kubectl's own help lists, with the commands of its groups (`set image`). */
async function subcommandsOf(env: NodeJS.ProcessEnv, cwd: string): Promise<string[]> {
  const listed = async (...command: string[]): Promise<string[]> => {
    const { stdout } = await mustRun(join(cwd, "kubectl"), [...command, "--help"], { env });
    const sections = stdout.matchAll(/^[^\n]*Commands[^\n]*:\n(.*?)\n\n/gms);
    return [...sections]
      .flatMap((section) => section[1]!.match(/^ {2}[a-z][a-z-]*/gm) ?? [])
      .map((name) => name.trim());
  };
  const found: string[] = [];
  for (const name of await listed()) {
    found.push(name);
    for (const inner of await listed(name)) {
      found.push(`${name} ${inner}`);
      if (name === "create")
        found.push(...(await listed(name, inner)).map((last) => `${name} ${inner} ${last}`));
    }
  }
  return found;
}
