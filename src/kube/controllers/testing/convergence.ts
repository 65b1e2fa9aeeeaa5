import { expect } from "vitest";
import type { KubeClient } from "../../client/index.ts";
import type { ControlPlane, Identities, Running, StartOptions } from "./control-plane.ts";
import { eventually } from "./eventually.ts";
import { type EventFault, EventFaults, onlyNamespace, type WriteFault, WriteFaults } from "./faults.ts";

export interface World {
  client: KubeClient;
  namespace: string;
}

/** A story that controllers are led through, and what of its end counts: nothing random, no time, no uid. */
export interface Scenario {
  controllers: Identities;
  /** Objects without a namespace belong to the world whose namespace this label says. */
  worldLabel?: string;
  /** Before the controllers start. */
  prepare?(world: World): Promise<void>;
  play(world: World): Promise<void>;
  outcome(world: World): Promise<unknown>;
}

/** Most of the time goes into waiting, so several worlds are played side by side. */
const AT_ONCE = 8;
const FAULTS_AT_MOST = 400;

/** The scenario's end without any fault. */
export async function reference(plane: ControlPlane, scenario: Scenario): Promise<unknown> {
  const world = await newWorld(plane, scenario);
  const running = await plane.run(scenario.controllers, seeing(scenario, world));
  await scenario.play(world);
  const outcome = await settled(() => scenario.outcome(world));
  await running.stop();
  return outcome;
}

/** Plays the scenario once for every write, which then fails; every time the end must be the expected one. */
export async function expectSameDespiteWriteFaults(
  plane: ControlPlane,
  scenario: Scenario,
  expected: unknown,
  mode: WriteFault,
): Promise<number> {
  return forEveryFault(async (at) => {
    const world = await newWorld(plane, scenario);
    let running: Running;
    let restart: Promise<void> | undefined;
    const faults = new WriteFaults(mode, at, () => {
      restart = running.stop().then(async () => {
        running = await plane.run(scenario.controllers, seeing(scenario, world));
      });
    });
    running = await plane.run(scenario.controllers, {
      ...seeing(scenario, world),
      wrapClient: (client) => faults.wrap(client),
    });
    await scenario.play(world);
    await expectOutcome(scenario, world, expected, `${mode} at write ${at}`);
    await restart;
    await running.stop();
    return faults.wasHit;
  });
}

/** Plays the scenario once for every event of the controllers' informers. */
export async function expectSameDespiteEventFaults(
  plane: ControlPlane,
  scenario: Scenario,
  expected: unknown,
  mode: EventFault,
): Promise<number> {
  return forEveryFault(async (at) => {
    const world = await newWorld(plane, scenario);
    const faults = new EventFaults(mode, at);
    const running = await plane.run(scenario.controllers, {
      ...seeing(scenario, world),
      wrapSource: (client) => faults.wrap(client),
    });
    await scenario.play(world);
    await expectOutcome(scenario, world, expected, `${mode} at event ${at}`);
    await running.stop();
    return faults.wasHit && mode !== "late";
  });
}

async function newWorld(plane: ControlPlane, scenario: Scenario): Promise<World> {
  const world = { client: plane.client, namespace: await plane.namespace() };
  await scenario.prepare?.(world);
  return world;
}

const seeing = ({ worldLabel }: Scenario, { namespace }: World): StartOptions => ({
  wrapInformers: (informers) => onlyNamespace(informers, namespace, worldLabel),
});

/** Runs with the fault at 1, 2, 3, … until there is no such write or event any more; returns how many there were. */
async function forEveryFault(run: (at: number) => Promise<boolean>): Promise<number> {
  for (let first = 1; first < FAULTS_AT_MOST; first += AT_ONCE) {
    const hits = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => run(first + index)));
    const missed = hits.indexOf(false);
    if (missed >= 0) return first + missed - 1;
  }
  throw new Error(`more than ${FAULTS_AT_MOST} faults`);
}

async function expectOutcome(
  scenario: Scenario,
  world: World,
  expected: unknown,
  what: string,
): Promise<void> {
  await eventually(async () => expect(await scenario.outcome(world), what).toEqual(expected));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(await scenario.outcome(world), `${what}, later`).toEqual(expected);
}

async function settled<T>(read: () => Promise<T>): Promise<T> {
  let before = JSON.stringify(await read());
  return eventually(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const value = await read();
    const text = JSON.stringify(value);
    const isSame = text === before;
    before = text;
    expect(isSame).toBe(true);
    return value;
  });
}
