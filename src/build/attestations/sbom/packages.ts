/** A package that is installed in a tree. */
export interface FoundPackage {
  /** Of a package URL: `deb`, `apk`, `npm`, `pypi`, `golang`. */
  type: "deb" | "apk" | "npm" | "pypi" | "golang";
  name: string;
  version: string;
  architecture?: string;
  license?: string;
  supplier?: string;
  /** Where it was read: the path of a file in the tree. */
  foundIn: string;
}

/** Reads a file that lists packages; what cannot be read lists none. */
export type ReadPackages = (text: string, path: string) => FoundPackage[];
