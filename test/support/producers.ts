// Producers as a user's program opens them, for the tests of createProducer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { createProducer, DroverError, type Producer, type ProducerOptions } from '../../src/index.ts';

/** A namespace for a new fleet. */
export const newNamespace = () => `t${randomUUID().slice(0, 8)}`;

/** Opens a producer of the crawl `shop`, which is closed after the test. */
export async function openProducer(
  t: TestContext,
  redisUrl: string,
  options: Partial<ProducerOptions> = {},
): Promise<Producer> {
  const producer = await createProducer({ crawl: 'shop', redisUrl, namespace: newNamespace(), ...options });
  t.after(() => producer.close());
  return producer;
}

export const urls = (count: number, from = 0) =>
  Array.from({ length: count }, (_, page) => `https://a.example/${from + page}`);

/** Code and message of the DroverError with which `work` fails; 'none' if it does not fail. */
export async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof DroverError, String(error));
    return `${error.code} ${error.message}`;
  }
  return 'none';
}
