import type { StructTypes } from "../checker/environment-types.ts";
import type { CelType } from "../types/cel-type.ts";
import type { DeclType } from "./decl-type.ts";
import { isReservedWord } from "./escape.ts";

/** The object types within types that come from schemas, by name. All of them are named (`nameDecl`). */
export class DeclStructTypes implements StructTypes {
  readonly #types = new Map<string, DeclType>();

  constructor(roots: Iterable<DeclType>) {
    for (const root of roots) this.#register(root);
  }

  hasType(name: string): boolean {
    return this.#types.has(name);
  }

  /** A field that is a word of the language may be written as it is after a dot (`self.namespace`). */
  fieldType(typeName: string, field: string): CelType | undefined {
    const fields = this.#types.get(typeName)?.fields;
    const found = fields?.get(field) ?? (isReservedWord(field) ? fields?.get(`__${field}__`) : undefined);
    return found?.type;
  }

  #register(decl: DeclType): void {
    if (decl.fields !== undefined) {
      this.#types.set(decl.type.name, decl);
      for (const field of decl.fields.values()) this.#register(field);
    }
    if (decl.element !== undefined) this.#register(decl.element);
  }
}
