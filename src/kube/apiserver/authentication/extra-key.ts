/** The key of a user's extra in the name of a header; what cannot be decoded stands for itself (unescapeExtraKey). */
export function extraKey(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
