// The temporary folders of browsers. Each has a folder of drover's own, in which stands who started it and
// where its profile is. What a killed process has left is removed when the next browser starts.
import { lstat, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Browser } from 'playwright-core';

const PREFIX = 'drover-browser-';
const PROFILE = /^playwright_\w+_profile-\w+$/;
const OWNER = 'owner.json';

interface Owner {
  /** Where its process numbers count. */
  readonly space: string;
  readonly pid: number;
  /** When that process started, as the system tells it. */
  readonly since: string;
  /** The profile of the browser; null before it has started. */
  readonly profile: string | null;
}

export interface BrowserFolder {
  readonly path: string;
  /** Notes where the profile of the browser is. */
  note(browser: Browser): Promise<void>;
  remove(): Promise<void>;
}

/** Makes the folder for one browser. */
export async function makeBrowserFolder(): Promise<BrowserFolder> {
  const path = await mkdtemp(join(tmpdir(), PREFIX));
  const owner = {
    ...{ space: await processSpace(), pid: process.pid, since: (await startOf(process.pid)) ?? '' },
    profile: null,
  };
  const write = (known: Owner) => writeFile(join(path, OWNER), JSON.stringify(known));
  await write(owner);
  return {
    path,
    note: async (browser) => write({ ...owner, profile: await profileOf(browser) }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** Removes the folders of processes that have ended; only those of this user, on systems with /proc. */
export async function removeLeftFolders(): Promise<void> {
  const space = await processSpace();
  if (space === '') return;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const owner = (await isOwn(path)) ? await readOwner(path) : null;
    if (owner === null || owner.space !== space || (await startOf(owner.pid)) === owner.since) continue;
    if (owner.profile !== null && isProfile(owner.profile) && (await isOwn(owner.profile)))
      await rm(owner.profile, { recursive: true, force: true });
    await rm(path, { recursive: true, force: true });
  }
}

/** Anybody may write to the folder of temporary files. */
async function isOwn(path: string): Promise<boolean> {
  const { uid } = await lstat(path).catch(() => ({ uid: -1 }));
  return uid === process.getuid?.();
}

async function readOwner(path: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(join(path, OWNER), 'utf8')) as Owner;
  } catch {
    return null; // it is being made
  }
}

function isProfile(path: string): boolean {
  return dirname(path) === tmpdir() && PROFILE.test(basename(path));
}

/** Processes of containers have numbers of their own; '' where nothing is known of it. */
function processSpace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '');
}

/** Null when there is no such process. The number of one that has ended may be another's. */
async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // After the name, which may hold blanks, the start is the twentieth (proc_pid_stat(5)).
  return text && (text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null);
}

async function profileOf(browser: Browser): Promise<string | null> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pid = processInfo.find(({ type }) => type === 'browser')?.id;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return /--user-data-dir=([^\0]+)/.exec(command)?.[1] ?? null;
}
