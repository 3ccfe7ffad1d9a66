// Names of the keys in Redis. All keys of one namespace carry one hash tag, so that its scripts work in a cluster too.

/** The namespace of a fleet's first namespace: `{drover:0}`. */
export function namespaceOf(prefix: string): string {
  return `{${prefix}:0}`;
}

export function crawlKey(namespace: string, crawl: string): string {
  return `${namespace}:c:${crawl}`;
}

/** A job's name in BullMQ and in the hand-over list: unique, no ':', never an integer. */
export function jobIdOf(crawl: string, id: string): string {
  return `${crawl}.${id}`;
}

/** The inverse of jobIdOf; a crawl's id may hold dots, a fingerprint does not. */
export function crawlAndId(jobId: string): { crawl: string; id: string } {
  const dot = jobId.lastIndexOf('.');
  return { crawl: jobId.slice(0, dot), id: jobId.slice(dot + 1) };
}
