// The options of a command that are not settings. A table gives their flags, help and kind, and so the types
// of the values that the command's program gets.
import { Command, type HelpContext, Option } from 'commander';
import type { GivenFlags } from '../../src/config/read.ts';
import type { SettingName, Settings } from '../../src/config/settings.ts';
import { definitions, type OptionGroup, type Owner } from '../../src/config/table.ts';
import { DroverError } from '../../src/errors.ts';
import { addInGroups, type GroupedOption } from './option-groups.ts';
import { addFormerFlags, flagsOf, gather, settingOptions } from './setting-flags.ts';

/** An option that is not a setting. T is the type that the program gets. */
export interface OwnOption<T> {
  /** The flags in commander's notation. */
  readonly flags: string;
  readonly help: string;
  /** The default value, as a user would type it. */
  readonly default?: string;
  /** True when the option may be given more than once. */
  readonly many?: boolean;
  /** Where the help of a command with many options shows it. */
  readonly group?: OptionGroup;
  /**
   * Makes the value from what commander has parsed. `flag` names the option in errors. Throws E_USAGE,
   * E_SETTING.
   */
  readonly read: (given: Given, flag: string) => T | Promise<T>;
}

/**
 * What commander has parsed: a text, several for an option that may be repeated, or whether a toggle is on.
 * Undefined when the option was not given.
 */
type Given = string | string[] | boolean | undefined;

export type OwnOptions = Readonly<Record<string, OwnOption<unknown>>>;

export type ValuesOf<Own extends OwnOptions> = {
  readonly [N in keyof Own]: Awaited<ReturnType<Own[N]['read']>>;
};

/** What a program gets: the values of its options, and the flags of settings as they were given. */
export type OptionsOf<Own extends OwnOptions> = ValuesOf<Own> & { readonly settings: GivenFlags };

type Read<T> = (text: string, flag: string) => T;

/** An option with a value. The program gets undefined when the option has no default and was not given. */
export function value<T>(flags: string, help: string, read: Read<T>): OwnOption<T | undefined>;
export function value<T>(flags: string, help: string, read: Read<T>, fallback: string): OwnOption<T>;
export function value<T>(
  flags: string,
  help: string,
  read: Read<T>,
  fallback?: string,
): OwnOption<T | undefined> {
  return {
    ...{ flags, help },
    ...(fallback === undefined ? {} : { default: fallback }),
    read: (given, flag) => (given === undefined ? undefined : read(String(given), flag)),
  };
}

export function text(flags: string, help: string): OwnOption<string | undefined> {
  return value(flags, help, (given) => given);
}

/** An option that may be repeated. */
export function texts(flags: string, help: string): OwnOption<string[] | undefined> {
  return {
    ...{ flags, help, many: true },
    read: (given) => (given === undefined ? undefined : [given].flat().map(String)),
  };
}

/** A toggle: --json is true when given, --no-export is false when given. */
export function toggle(flags: string, help: string): OwnOption<boolean> {
  return { flags, help, read: (given) => given === true };
}

/** An option that is not this setting but takes the same values. */
export function likeSetting<N extends SettingName>(
  name: N,
  flags: string,
  help: string,
): OwnOption<NonNullable<Settings[N]> | undefined>;
export function likeSetting<N extends SettingName>(
  name: N,
  flags: string,
  help: string,
  fallback: string,
): OwnOption<NonNullable<Settings[N]>>;
export function likeSetting<N extends SettingName>(
  name: N,
  flags: string,
  help: string,
  fallback?: string,
): OwnOption<NonNullable<Settings[N]> | undefined> {
  const read = async (given: Given, flag: string) => {
    if (given === undefined) return undefined;
    const { parseSetting } = await import('../../src/config/parse.ts');
    return parseSetting(name, given, flag) ?? undefined;
  };
  const { many = false } = definitions[name];
  return { flags, help, many, read, ...(fallback === undefined ? {} : { default: fallback }) };
}

/** Makes a reader of whole numbers from `least` to `most`. */
export function from(least: number, most: number): Read<number> {
  return (given, flag) => {
    const number = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new DroverError(
      'E_USAGE',
      `${flag}: expected a number from ${least} to ${most} (got ${JSON.stringify(given)}).`,
    );
  };
}

/** Reads the form of lines that a command writes: JSON, or CSV for a spreadsheet. */
export function readLineFormat(given: string, flag: string): 'ndjson' | 'csv' {
  if (given === 'ndjson' || given === 'csv') return given;
  throw new DroverError('E_USAGE', `${flag}: expected ndjson or csv (got ${JSON.stringify(given)}).`);
}

/** The values of these options, from what commander has parsed. Rejects with E_USAGE, E_SETTING. */
export async function valuesOf<Own extends OwnOptions>(
  own: Own,
  given: Readonly<Record<string, unknown>>,
): Promise<ValuesOf<Own>> {
  const values: Record<string, unknown> = {};
  for (const [name, { flags, read }] of Object.entries(own)) {
    const option = new Option(flags);
    values[name] = await read(given[option.attributeName()] as Given, option.long ?? name);
  }
  return values as ValuesOf<Own>;
}

/** The options that a command does not have yet. */
const missing = new WeakMap<Command, () => void>();

/** Gives a command the options that `addProgram` was told of. The second time, it does nothing. */
function complete(command: Command): void {
  missing.get(command)?.();
  missing.delete(command);
}

/** The command that all others are commands of. */
export function lazyProgram(name: string): Command {
  return new LazyCommand(name).configureHelp({
    // Says that a command has options without making them.
    subcommandTerm: (one) => (one.commands.length > 0 ? one.name() : `${one.name()} ${one.usage()}`),
  });
}

/**
 * A command whose options, and those of its commands, are made when it is used or its help is shown: there
 * are a thousand in all, and making them takes longer than `drover --version` should.
 */
class LazyCommand extends Command {
  constructor(name?: string) {
    super(name);
    this.hook('preSubcommand', (_parent, used) => complete(used));
  }

  override createCommand(name?: string): LazyCommand {
    return new LazyCommand(name);
  }

  /** A toggle such as --no-export is true until it is given. commander sees to that too early. */
  override addOption(option: Option): this {
    super.addOption(option);
    if (option.negate) this.setOptionValueWithSource(option.attributeName(), true, 'default');
    return this;
  }

  override helpInformation(context?: HelpContext): string {
    complete(this);
    return super.helpInformation(context);
  }
}

/**
 * Completes a command with its options, in the order of its help, and its program, which is loaded when the
 * command is used and resolves with the exit code.
 */
export function addProgram<Own extends OwnOptions, Last extends OwnOptions>(
  command: Command,
  options: {
    own: Own;
    /** Owners whose settings the command follows. */
    settings: readonly Owner[];
    /** More options that are not settings, shown after the flags of settings. */
    last?: Last;
  },
  load: () => Promise<{ run(args: string[], options: OptionsOf<Own & Last>): Promise<number> }>,
): void {
  const { own, settings, last } = options;
  missing.set(command, () => {
    addInGroups(command, [...optionsIn(own), ...settingOptions(settings), ...optionsIn(last ?? {})]);
    addFormerFlags(command, settings);
  });
  if (!(command.parent instanceof LazyCommand)) complete(command);
  command.action(async () => {
    const given = command.opts();
    const values = await valuesOf({ ...own, ...last } as Own & Last, given);
    const flags = flagsOf(given, settings);
    const isVerbose = given.verbose === true && flags.logLevel === undefined;
    const { run } = await load();
    process.exitCode = await run(command.args, {
      ...values,
      settings: isVerbose ? { ...flags, logLevel: 'debug' } : flags,
    });
  });
}

function optionsIn(own: OwnOptions): GroupedOption[] {
  return Object.values(own).map(({ flags, help, default: fallback, many, group }) => {
    const option = new Option(flags, help);
    if (fallback !== undefined) option.default(fallback);
    if (many) option.argParser(gather);
    return { option, group };
  });
}

/** The same options, in this group of the help. */
export function inGroup<Own extends OwnOptions>(group: OptionGroup, own: Own): Own {
  return Object.fromEntries(Object.entries(own).map(([name, option]) => [name, { group, ...option }])) as Own;
}
