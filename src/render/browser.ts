// The browser: which Chromium, how it is started, and how much memory it takes. Its only way out is drover's
// proxy. It ends with this process, even when that is killed: it hears the end of the pipe between them.
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { DroverError } from '../errors.ts';
import { makeBrowserFolder, removeLeftFolders } from './folders.ts';
import type { RenderProxy } from './proxy.ts';

/** The first is the same browser without its window: it takes a third of the CPU to start. */
const programs = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'chrome'];
const START_MS = 30_000;

/** The path of the named Chromium, or of the first on the PATH. Throws E_RENDER_NONE. */
export async function findBrowser(named: string | null, path: string): Promise<string> {
  const candidates =
    named === null
      ? programs.flatMap((program) => path.split(delimiter).map((folder) => join(folder, program)))
      : [named];
  for (const candidate of candidates)
    if (
      await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return candidate;
  const looked = named === null ? `None of ${programs.join(', ')} is on the PATH.` : `There is no ${named}.`;
  throw new DroverError('E_RENDER_NONE', looked);
}

/** JavaScript of one page may use so much memory, in MB. */
const HEAP_MB = 512;

/**
 * Nothing leaves Chromium but through the proxy: it looks up no names, and sends no UDP. Its services are off
 * as far as flags can say; the proxy refuses the rest, since only pages have a password for it.
 */
const flags = [
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  `--js-flags=--max-old-space-size=${HEAP_MB}`,
  ...['quic', 'background-networking', 'component-update', 'domain-reliability', 'sync', 'gpu'].map(
    (what) => `--disable-${what}`,
  ),
  ...['--no-first-run', '--no-pings', '--mute-audio'],
];

export interface BrowserChoice {
  readonly executablePath: string;
  readonly hasSandbox: boolean;
}

/** Throws E_RENDER_START. As root, Chromium runs without its sandbox: it starts in no other way. */
export async function startBrowser(
  { executablePath, hasSandbox }: BrowserChoice,
  proxy: Pick<RenderProxy, 'url' | 'spkiHash'>,
): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  await removeLeftFolders().catch(() => undefined);
  const folder = await makeBrowserFolder();
  try {
    const browser = await chromium.launch({
      ...{ executablePath, artifactsDir: folder.path },
      args: [...flags, `--ignore-certificate-errors-spki-list=${proxy.spkiHash}`],
      chromiumSandbox: hasSandbox && process.getuid?.() !== 0,
      proxy: { server: proxy.url, bypass: '<-loopback>' },
      // drover stops it in its own order.
      ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false, timeout: START_MS },
    });
    browser.once('disconnected', () => void folder.remove().catch(() => undefined));
    await folder.note(browser).catch(() => undefined);
    return browser;
  } catch (cause) {
    await folder.remove().catch(() => undefined);
    const said =
      /^.*(?:sandbox|error while loading|FATAL|ERROR).*$/im.exec(String(cause))?.[0] ?? String(cause);
    throw new DroverError('E_RENDER_START', `${executablePath}: ${firstLine(said)}.`, { cause });
  }
}

/** What the browser says, without its logs and stacks. */
export const firstLine = (text: string) => /[^\n]{0,300}/.exec(text.trim())?.[0] ?? '';

/** The memory of all processes of the browser in bytes, what they share counted once; null if not known. */
export async function memoryOf(browser: Browser): Promise<number | null> {
  try {
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    const sizes = await Promise.all(processInfo.map(({ id }) => ownMemory(id)));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return null;
  }
}

async function ownMemory(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}
