export interface Scope { refuses(a: string, b: string, d: number): any } export function createScope(_: any): Scope { return { refuses: (a, b) => new URL(a).host === new URL(b).host ? null : {} } }
