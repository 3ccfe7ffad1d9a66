// Names of files for pages and bodies: safe on every system, each once, and the same for the same request.
import { hash } from 'node:crypto';
import type { CrawlRecord } from '../../record.ts';
import { limiterKeyOf } from '../../url/host.ts';

const MOST_HOST = 100;
const MOST_WORDS = 80;

/**
 * `example.com/blog-my-post-0123456789abcdef`, without an ending: the host, words of the path, and the id of
 * the request, which alone keeps the names apart. Letters, digits, dots, dashes and underscores of ASCII;
 * 210 characters at most.
 */
export function fileNameOf({ url, id }: Pick<CrawlRecord, 'url' | 'id'>): string {
  const host = limiterKeyOf(url).slice(0, MOST_HOST);
  const folder = host.replace(/[^A-Za-z0-9.-]/g, '_').replace(/^[.-]|[.-]$/g, '_') || '_';
  const path = /^[^/]*\/\/[^/]*([^?#]*)/.exec(url)?.[1] ?? '';
  const words = decoded(path)
    .replace(/\.[a-z]{2,5}$/i, '')
    .replace(/[^A-Za-z0-9._]+/g, '-')
    .slice(0, MOST_WORDS)
    .replace(/^[-._]+|[-._]+$/g, '');
  const key = /^[0-9a-f]{16}$/.test(id) ? id : hash('sha256', id, 'hex').slice(0, 16);
  return `${folder}/${words || 'index'}-${key}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
