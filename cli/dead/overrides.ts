// Values that replace those of the replayed requests, from the options of drover dead replay.
import type { ReplayHow } from '../../src/dead/replay.ts';
import type { ReplayOverrides } from '../../src/dead/replay-runs.ts';
import { DroverError } from '../../src/errors.ts';
import type { HowOptions } from './options.ts';

/** Throws E_USAGE. */
export function replayHow(options: HowOptions): ReplayHow {
  return { canary: options.canary ?? null, rate: options.rate, overrides: overridesOf(options) };
}

function overridesOf(options: HowOptions): ReplayOverrides {
  const { attempts, header, delayMs } = options;
  if (delayMs !== undefined && delayMs < 1)
    throw new DroverError('E_USAGE', '--delay: expected at least 1ms.');
  const timeouts = given({
    dns: options.timeoutDns,
    connect: options.timeoutConnect,
    tls: options.timeoutTls,
    send: options.timeoutSend,
    response: options.timeoutResponse,
    read: options.timeoutRead,
    request: options.timeoutRequest,
  });
  const hasTimeouts = Object.keys(timeouts).length > 0;
  return given({ timeouts: hasTimeouts ? timeouts : undefined, attempts, headers: header, delayMs });
}

/** Without what is undefined. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
