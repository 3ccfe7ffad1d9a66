// What replayed requests have instead of what they had, from the options of drover dead replay.
import { parseSetting } from '../../src/config/parse.ts';
import type { SettingName } from '../../src/config/settings.ts';
import { DEFAULT_RATE, type ReplayHow } from '../../src/dead/replay.ts';
import type { ReplayOverrides } from '../../src/dead/replay-runs.ts';
import { DroverError } from '../../src/errors.ts';

const layers = {
  dns: 'timeoutDns',
  connect: 'timeoutConnect',
  tls: 'timeoutTls',
  send: 'timeoutSend',
  response: 'timeoutResponse',
  read: 'timeoutRead',
  request: 'timeoutRequest',
} as const satisfies Record<string, SettingName>;

/** Throws E_USAGE, E_SETTING. */
export function replayHow(options: Record<string, unknown>): ReplayHow {
  return { canary: canaryOf(options.canary), rate: rateOf(options.rate), overrides: overridesOf(options) };
}

function canaryOf(option: unknown): number | null {
  if (option === undefined) return null;
  if (/^\d{1,6}$/.test(String(option))) return Number(option);
  throw new DroverError('E_USAGE', `--canary: expected a whole number (got ${JSON.stringify(option)}).`);
}

function rateOf(option: unknown): number {
  if (option === undefined) return DEFAULT_RATE;
  const rate = /^(0|1|0?\.\d+|1\.0+)$/.test(String(option)) ? Number(option) : Number.NaN;
  if (rate >= 0 && rate <= 1) return rate;
  throw new DroverError(
    'E_USAGE',
    `--rate: expected a share from 0 to 1, such as 0.8 (got ${JSON.stringify(option)}).`,
  );
}

function overridesOf(options: Record<string, unknown>): ReplayOverrides {
  const overrides: ReplayOverrides = {};
  const timeouts: NonNullable<ReplayOverrides['timeouts']> = {};
  for (const [layer, name] of Object.entries(layers) as [keyof typeof layers, SettingName][])
    if (options[name] !== undefined)
      timeouts[layer] = Number(parseSetting(name, options[name], `--timeout-${layer}`));
  if (Object.keys(timeouts).length > 0) overrides.timeouts = timeouts;
  if (options.attempts !== undefined)
    overrides.attempts = parseSetting('attempts', options.attempts, '--attempts');
  if (options.header !== undefined) overrides.headers = parseSetting('header', options.header, '--header');
  if (options.delay !== undefined) {
    overrides.delayMs = parseSetting('delay', options.delay, '--delay');
    if (overrides.delayMs < 1) throw new DroverError('E_USAGE', '--delay: expected at least 1ms.');
  }
  return overrides;
}
