// The types of system-packages.mjs, for what is written in TypeScript.

/** Installs the first of the packages that the system's package manager has. Throws Impossible. */
export function installOne(wanted: {
  what: string;
  wish: string;
  otherwise: string;
  /** The names of the package for each package manager. */
  names: Partial<Record<'apt-get' | 'dnf' | 'apk' | 'brew', string[]>>;
}): void;
