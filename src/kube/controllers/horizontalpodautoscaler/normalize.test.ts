import { describe, expect, it } from "vitest";
import { systemClock } from "../../../base/index.ts";
import type { V2HorizontalPodAutoscalerBehavior } from "../../api/index.ts";
import { normalize } from "./normalize.ts";
import { ScalingHistory } from "./scaling-history.ts";
import { SETTINGS } from "./settings.ts";

/** An autoscaler over time, whose target follows at once. */
function anAutoscaler(
  start: number,
  {
    min = 1,
    max = 100,
    behavior,
  }: { min?: number; max?: number; behavior?: V2HorizontalPodAutoscalerBehavior } = {},
) {
  let nowMs = 0;
  let current = start;
  const history = new ScalingHistory({ ...systemClock, nowMs: () => nowMs }, start);
  return (desired: number, afterSeconds = 15): string => {
    nowMs += afterSeconds * 1000;
    const found = normalize({ current, desired, min, max, behavior, history, settings: SETTINGS });
    if (behavior && found.replicas !== current) history.scaled(current, found.replicas, behavior);
    current = found.replicas;
    const { isLimited, reason } = found.scalingLimited;
    return `${current} ${found.ableToScale.reason} ${isLimited ? "limited" : "free"}: ${reason}`;
  };
}

const FREE = "free: DesiredWithinRange";

describe("without rules", () => {
  it("goes up at most to twice as many, and to the maximum", () => {
    const look = anAutoscaler(3, { max: 20 });
    expect(look(50)).toBe("6 ReadyForNewScale limited: ScaleUpLimit");
    expect(look(50)).toBe("12 ReadyForNewScale limited: ScaleUpLimit");
    expect(look(50)).toBe("20 ReadyForNewScale limited: TooManyReplicas");
    expect(anAutoscaler(1)(50)).toBe("4 ReadyForNewScale limited: ScaleUpLimit");
  });

  it("goes down when nothing of the last five minutes asked for more", () => {
    const look = anAutoscaler(10, { min: 2 });
    expect(look(8)).toBe(`10 ScaleDownStabilized ${FREE}`);
    expect(look(3, 240)).toBe(`10 ScaleDownStabilized ${FREE}`);
    expect(look(1, 50)).toBe(`8 ScaleDownStabilized ${FREE}`);
    expect(look(1, 300)).toBe("2 ReadyForNewScale limited: TooFewReplicas");
  });
});

describe("with rules", () => {
  const rules = (up: object, down: object): V2HorizontalPodAutoscalerBehavior => ({
    scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: "Max", ...up },
    scaleDown: { stabilizationWindowSeconds: 0, selectPolicy: "Max", ...down },
  });
  const pods = (value: number, periodSeconds = 60) => ({ type: "Pods", value, periodSeconds });
  const percent = (value: number, periodSeconds = 60) => ({ type: "Percent", value, periodSeconds });

  it("adds no more than the most generous policy allows in its period", () => {
    const look = anAutoscaler(10, { behavior: rules({ policies: [pods(4), percent(20)] }, {}) });
    expect(look(100)).toBe("14 ReadyForNewScale limited: ScaleUpLimit");
    expect(look(100)).toBe("14 ReadyForNewScale limited: ScaleUpLimit");
    expect(look(100, 60)).toBe("18 ReadyForNewScale limited: ScaleUpLimit");
  });

  it("takes the strictest policy where that is asked for", () => {
    const up = { policies: [pods(4), percent(20)], selectPolicy: "Min" };
    expect(anAutoscaler(10, { behavior: rules(up, {}) })(100)).toBe(
      "12 ReadyForNewScale limited: ScaleUpLimit",
    );
  });

  it("rounds up, so that a single replica can grow", () => {
    const look = anAutoscaler(1, { behavior: rules({ policies: [percent(10)] }, {}) });
    expect(look(5)).toBe("2 ReadyForNewScale limited: ScaleUpLimit");
  });

  it("takes away by the policies, counting what came in the same period", () => {
    const behavior = rules({ policies: [pods(10)] }, { policies: [pods(3)] });
    const look = anAutoscaler(10, { behavior, min: 2 });
    expect(look(1)).toBe("7 ReadyForNewScale limited: ScaleDownLimit");
    expect(look(1)).toBe("7 ReadyForNewScale limited: ScaleDownLimit");
    expect(look(1, 60)).toBe("4 ReadyForNewScale limited: ScaleDownLimit");
    expect(look(20)).toBe(`17 ReadyForNewScale limited: ScaleUpLimit`);
  });

  it("leaves a direction alone that is disabled", () => {
    const behavior = rules({ policies: [pods(1)] }, { policies: [pods(1)], selectPolicy: "Disabled" });
    expect(anAutoscaler(5, { behavior })(1)).toBe("5 ReadyForNewScale limited: ScaleDownLimit");
  });

  it("waits in both directions for as long as the windows say", () => {
    const behavior = rules(
      { policies: [pods(100)], stabilizationWindowSeconds: 60 },
      { policies: [pods(100)], stabilizationWindowSeconds: 120 },
    );
    const look = anAutoscaler(5, { behavior });
    expect(look(9)).toBe(`5 ScaleUpStabilized ${FREE}`);
    expect(look(8, 50)).toBe(`8 ReadyForNewScale ${FREE}`);
    expect(look(2)).toBe(`8 ScaleDownStabilized ${FREE}`);
    expect(look(2, 130)).toBe(`2 ReadyForNewScale ${FREE}`);
  });

  it("uses five minutes where the rules for going down say no window", () => {
    const behavior = rules({ policies: [pods(1)] }, { policies: [pods(100)] });
    delete behavior.scaleDown!.stabilizationWindowSeconds;
    const look = anAutoscaler(5, { behavior });
    expect(look(2, 200)).toBe(`5 ScaleDownStabilized ${FREE}`);
    expect(look(2, 200)).toBe(`2 ReadyForNewScale ${FREE}`);
  });
});
