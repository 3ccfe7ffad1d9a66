// Which handlers may run on threads: those that a thread can load from a file.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openHandlerThreads } from '../../../../consumers/handlers/handler-threads.ts';
import { defaultSettings } from '../../../../src/config/settings.ts';
import { defineHandler } from '../../../../src/handlers/define.ts';

const on = { onStray: () => undefined, onReplaced: () => undefined };
const inline = defineHandler({ name: 'inline', run() {} });
const blocking = defineHandler({ name: 'blocking', blocking: true, run() {} });

test('no handler is blocking: there are no threads', () => {
  assert.equal(openHandlerThreads([inline], defaultSettings, on), null);
});

test('a blocking handler that a program gives as an object is refused, and told what to give', () => {
  const settings = { ...defaultSettings, handlers: [inline, blocking] };
  assert.throws(() => openHandlerThreads([inline, blocking], settings, on), {
    code: 'E_HANDLER_FILE',
    message: /blocking is blocking.*Give the path of its file/,
  });
});

test('no thread starts before the first page', async () => {
  const threads = openHandlerThreads([blocking], { ...defaultSettings, handlers: ['blocking.ts'] }, on);
  assert.deepEqual(threads?.counts(), { busy: 0, waiting: 0 });
  await threads?.close();
});
