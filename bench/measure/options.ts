// The options of a benchmark from its command line. A wrong one is said in one line.
import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/** Their values. An unknown option, or one without its value, ends the process: one line, exit code 2. */
export function parseOptions<const O extends Options>(bench: string, options: O): Values<O> {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const [first] = error instanceof Error ? error.message.split('. ', 1) : [];
    process.stderr.write(`drover bench ${bench}: ${first ?? 'wrong options'}; --help lists the options\n`);
    process.exit(2);
  }
}
