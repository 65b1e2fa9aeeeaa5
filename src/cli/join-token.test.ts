import { expect, it } from "vitest";
import { formatJoinToken, parseJoinToken } from "./join-token.ts";

const caHash = "0123456789abcdef".repeat(4);

it("are read as they are written", () => {
  const token = { id: "abc123", secret: "0123456789abcdef", caHash };
  expect(parseJoinToken(` ${formatJoinToken(token)}\n`)).toEqual(token);
});

it.each([
  ["a bootstrap token alone", "abc123.0123456789abcdef", "does not tell the cluster's authority"],
  ["a short hash", "G1abc::abc123.0123456789abcdef", "--token is not what 'gantry token create' prints"],
  ["another program's", `K10${caHash}::abc123.0123456789abcdef`, "--token is not what"],
  ["nothing", "", "--token is not what"],
])("are refused where they are %s, without being repeated", (_, text, why) => {
  const refusal = (): unknown => {
    try {
      return parseJoinToken(text);
    } catch (error) {
      return error;
    }
  };
  const { message } = refusal() as Error;
  expect(message).toContain(why);
  if (text !== "") expect(message).not.toContain(text);
});
