/** `user[:group]`, by name or number. Names are looked up in input `input`. */
export function ownerOf(text: string, input: number) {
  const colon = text.indexOf(":");
  const user = colon < 0 ? text : text.slice(0, colon);
  return {
    user: identityOf(user, input),
    ...(colon < 0 ? {} : { group: identityOf(text.slice(colon + 1), input) }),
  };
}

function identityOf(text: string, input: number) {
  if (text === "root") return { byId: 0 };
  const id = Number(text);
  if (/^\d{1,10}$/.test(text) && id < 2 ** 31) return { byId: id };
  return { byName: { name: text, input } };
}
