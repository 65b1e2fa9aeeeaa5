// Records what the plugin makes of the cases: node test/compose/record.ts. To be run when a case is added or changed.
import { spawnSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PLUGIN_CONFIG } from "../support/plugins.ts";
import { RECORDED_AT, RECORDED_VARIABLES, readCases } from "./case-files.ts";

for (const one of readCases()) {
  const cwd = join(RECORDED_AT, one.name);
  for (const file of ["yaml", "error", "hashes"])
    rmSync(join(one.directory, `expected.${file}`), { force: true });
  rmSync(cwd, { recursive: true, force: true });
  cpSync(one.directory, cwd, { recursive: true });
  const env = { ...RECORDED_VARIABLES, DOCKER_CONFIG: PLUGIN_CONFIG, PATH: process.env.PATH };
  const ask = (...args: string[]) =>
    spawnSync("docker", ["compose", ...one.args, "config", ...args], { cwd, env, encoding: "utf8" });
  const { status, stdout, stderr } = ask(...one.services);
  if (status !== 0) {
    const error = stderr
      .split("\n")
      .filter((line) => !line.startsWith("time="))
      .join("\n");
    writeFileSync(join(one.directory, "expected.error"), error);
    continue;
  }
  writeFileSync(join(one.directory, "expected.yaml"), stdout);
  writeFileSync(join(one.directory, "expected.hashes"), ask("--hash", "*").stdout);
}
rmSync(RECORDED_AT, { recursive: true, force: true });
