import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ECHO, WIDGETS } from "../support/client-walk.ts";
import { useKube } from "../support/kube.ts";
import { repository } from "../support/platform.ts";
import { hasPython, makePythonEnvironment, type PythonEnvironment } from "../support/python.ts";
import { run } from "../support/run.ts";

const walk = join(repository, "test/e2e/python-client");

describe.skipIf(!hasPython())("the Python client", () => {
  const kube = useKube();
  let environment: PythonEnvironment;
  beforeAll(async () => {
    environment = await makePythonEnvironment(join(walk, "requirements.txt"));
  }, 240_000);
  afterAll(() => environment?.remove());

  it("walks through objects, custom objects and pods", async () => {
    const env = { ...kube.platform.env, POD_SCRIPT: ECHO, DEFINITION: JSON.stringify(WIDGETS) };
    const walked = await run(environment.python, ["-B", join(walk, "walk.py"), "-v"], {
      env,
      timeoutMs: 100_000,
    });
    expect([walked.code, walked.stderr.match(/\.\.\. ok$/gm)?.length], walked.stderr).toEqual([0, 11]);
  });
});
