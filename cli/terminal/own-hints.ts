// Commands within sentences, as this user types them. The texts of src/ say `drover …`, which a checkout does
// not have on its PATH.
import { OWN_COMMAND } from '../command/own-command.ts';

const names =
  'crawl|enqueue|consume|consumer-process|serve|status|results|items|report|changes|try|explain|dead|doctor|forget|hosts|proxies|identity|pause|drain|resume|cancel|purge|schedule|archive|fleet|backup|restore|reshard|compare|bench|new|help';
const command = new RegExp(`(?<![\\w./:-])drover (?=(?:${names})\\b)`, 'g');

/** The text with `own` in place of the word drover before the name of a command. */
export function inOwnWords(text: string, own = OWN_COMMAND): string {
  return text.replace(command, `${own} `);
}
