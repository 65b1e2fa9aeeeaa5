import { describe, expect, it } from "vitest";
import { type ErrorOwner, giveToOwner, keepOwner, runAs } from "./index.ts";

function ownerOf(taken: string[], name: string, isOver = false): ErrorOwner {
  return {
    name,
    take(error) {
      if (!isOver) taken.push(`${name}: ${(error as Error).message}`);
      return !isOver;
    },
  };
}

describe("the owner of an error", () => {
  it("is that of the work which has started what fails, through timers and promises", async () => {
    const taken: string[] = [];
    const later = async (message: string) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      giveToOwner(new Error(message));
    };
    await Promise.all(["a", "b"].map((name) => runAs(ownerOf(taken, name), () => later("late"))));
    expect(taken.sort()).toEqual(["a: late", "b: late"]);
    expect(giveToOwner(new Error("nobody's"))).toBe(false);
  });

  it("is the next outer one where the inner is over", () => {
    const taken: string[] = [];
    const give = () => giveToOwner(new Error("x"));
    expect(runAs(ownerOf(taken, "service"), () => runAs(ownerOf(taken, "request", true), give))).toBe(true);
    expect(runAs(ownerOf(taken, "request", true), give)).toBe(false);
    expect(taken).toEqual(["service: x"]);
  });

  it("can be kept for work that somebody else asks for", () => {
    const taken: string[] = [];
    const asMaker = runAs(ownerOf(taken, "maker"), () => keepOwner());
    runAs(ownerOf(taken, "asker"), () => asMaker(() => giveToOwner(new Error("x"))));
    expect(taken).toEqual(["maker: x"]);
  });
});
