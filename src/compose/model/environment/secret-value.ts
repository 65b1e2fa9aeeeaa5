/** The key under which a tree carries the value of a secret from the environment; no file can say it. */
export const SECRET_VALUE = "x-#value";
