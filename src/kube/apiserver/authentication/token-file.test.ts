import { describe, expect, it } from "vitest";
import { createLogger, silentLogger } from "../../../base/index.ts";
import { TokenFile } from "./token-file.ts";

describe("a token file", () => {
  it("may say things twice, or leave a token out: that is warned of", async () => {
    const warned: string[] = [];
    const logger = createLogger((line) => warned.push(line));
    const file = new TokenFile({ path: "f", text: "a,one,1\n,none,2\na,two,3\n", logger });
    expect(await file.authenticateToken("a")).toEqual({ user: { name: "two", uid: "3", groups: [] } });
    expect(await file.authenticateToken("")).toBeUndefined();
    expect(warned).toEqual([expect.stringContaining("record=2"), expect.stringContaining("record=3")]);
  });

  it.each([
    ["a,one", "token file 'f' must have at least 3 columns (token, user name, user uid), found 2"],
    ['a,"one', "token file 'f': parse error on line 1, column 7: extraneous or missing \" in quoted-field"],
  ])("is refused: %s", (text, message) => {
    expect(() => new TokenFile({ path: "f", text, logger: silentLogger })).toThrow(message);
  });
});
