import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { scenarios } from "../differential/cases/index.ts";
import { differences, judge, normalise } from "../differential/compare.ts";
import { EXCEPTIONS, REFUSALS } from "../differential/exceptions.ts";
import { refusalDifferences, undecided } from "../differential/refusals.ts";
import { type Recorded, record } from "../differential/scenario.ts";
import { DockerHouse } from "../support/docker.ts";
import { canRunDockerd, startDockerdPeer } from "../support/dockerd-peer.ts";

const house = new DockerHouse();

beforeAll(() => house.open());

afterAll(() => house.close());

/** What this platform answers in one version of the API. */
async function ours(apiVersion: string): Promise<Recorded[]> {
  const { home } = house.platform;
  const recorded = await record(`${home}/docker.sock`, scenarios, apiVersion);
  return recorded.map(({ step, answer }) => ({ step, answer: normalise(answer, [home]) }));
}

describe("the Docker API beside the original's", () => {
  it("refuses what moby 28 refuses, with its status and words", async () => {
    const { unexplained, unused } = refusalDifferences(await ours("1.50"), REFUSALS);
    expect(unexplained).toEqual([]);
    expect(unused.map(({ reason }) => reason)).toEqual([]);
  });

  it.skipIf(!canRunDockerd())(
    "answers each request as Debian's dockerd, field by field",
    async () => {
      const peer = (await startDockerdPeer())!;
      try {
        makeBaseImages(["busybox"], peer.env);
        const directories = [peer.dataRoot, peer.directory];
        const original = (await record(peer.socketPath, scenarios, peer.apiVersion)).map(
          ({ step, answer }) => ({
            step,
            answer: normalise(answer, directories),
          }),
        );
        const our = await ours(peer.apiVersion);
        const found = undecided(differences(original, our), our);
        const { unexplained, unused } = judge(found, EXCEPTIONS);
        expect(unexplained).toEqual([]);
        expect(unused.map(({ reason }) => reason)).toEqual([]);
      } finally {
        await peer.stop();
      }
    },
    300_000,
  );
});
